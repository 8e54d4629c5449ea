// A random graph as data: how it is made, how it is written as a `parallel!` block, and what running its nodes one after
// another gives. The build script includes this file to write the blocks, the test to know what they must do.

/// Which nodes and results a graph has follows from its seed alone.
#[derive(Debug, Clone)]
pub struct Graph {
    pub seed: u64,
    pub fallible: bool,
    /// `None`: no `use`; else whether each resource is lent mutably.
    pub resources: Option<Vec<bool>>,
    pub nested: bool,
    /// Whether it names its pool, or runs in the current one.
    pub in_pool: bool,
    pub nodes: Vec<Node>,
}

#[derive(Debug, Clone)]
pub struct Node {
    pub place: Place,
    pub named: bool,
    pub inputs: Vec<Input>,
    pub after: Vec<usize>,
    pub condition: bool,
    pub condition_panics: bool,
    pub off: bool,
    pub cost: Option<u64>,
    pub end: End,
    /// Whether its expression has a graph of its own.
    pub inner: bool,
    /// Whether its expression takes a value that stands around the block.
    pub captures: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Anywhere,
    Here,
    Background,
}

/// What the expression does in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Value,
    Panic,
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Read,
    Mut,
    Move,
    Clone,
}

#[derive(Debug, Clone, Copy)]
pub struct Input {
    pub mode: Mode,
    pub source: Source,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Node(usize),
    Resource(usize),
}

/// A small generator of numbers (SplitMix64): the same on every machine.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.draw() % n as u64) as usize
    }

    /// True `percent` times in a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.draw() % 100 < percent
    }
}

pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// What a node makes of its inputs.
pub fn combine(node: usize, inputs: &[u64]) -> u64 {
    inputs.iter().fold(mix(node as u64 + 1), |sum, &input| mix(sum.rotate_left(5) ^ input))
}

/// What a `mut` user makes of a value.
pub fn touched(value: u64, node: usize) -> u64 {
    mix(value ^ (node as u64) << 32)
}

/// What the graph in a node's expression makes of the node's inputs: two nodes, of which the second comes after the first where they share a
/// resource, and the sum of both where they don't.
pub fn nest(node: usize, inputs: &[u64]) -> u64 {
    let left = combine(node + 2000, inputs);
    match node % 2 {
        0 => combine(node + 4000, &[left, combine(node + 3000, inputs)]),
        _ => combine(node + 3000, &[left]),
    }
}

/// Whether an `if` is true.
pub fn decide(node: usize, inputs: &[u64]) -> bool {
    !combine(node + 1000, inputs).is_multiple_of(3)
}

impl Graph {
    pub fn generate(seed: u64) -> Self {
        let mut dice = Dice::new(seed.wrapping_mul(0x1234_5678_9ABC_DEF1));
        let mut graph = if dice.chance(30) { Self::layered(seed, &mut dice) } else { Self::any(seed, &mut dice) };
        graph.in_pool = dice.chance(30);
        graph
    }

    /// Full layers: series-parallel, so `nested;` must accept it.
    fn layered(seed: u64, dice: &mut Dice) -> Self {
        let fallible = dice.chance(40);
        let failures = dice.chance(40);
        let mut nodes: Vec<Node> = Vec::new();
        let (mut previous, layers) = (Vec::new(), 1 + dice.below(5));
        for _ in 0..layers {
            let width = if dice.chance(15) { 7 + dice.below(3) } else { 1 + dice.below(4) };
            let mut layer = Vec::new();
            for _ in 0..width {
                let mut node = Node::plain(dice, fallible, failures);
                for &source in &previous {
                    let before: &Node = &nodes[source];
                    let alone = width == 1;
                    if !before.named || dice.chance(30) {
                        if before.named {
                            node.after.push(source);
                        }
                        continue;
                    }
                    let mode = match dice.below(4) {
                        0 if alone => Mode::Mut,
                        1 if alone => Mode::Move,
                        2 => Mode::Clone,
                        _ => Mode::Read,
                    };
                    node.inputs.push(Input { mode, source: Source::Node(source) });
                }
                layer.push(nodes.len());
                nodes.push(node);
            }
            // Every node of a layer but the last is named, or the next could not wait for it.
            for &node in &layer {
                nodes[node].named = true;
            }
            previous = layer;
        }
        Graph { seed, fallible, resources: None, nested: true, in_pool: false, nodes }
    }

    fn any(seed: u64, dice: &mut Dice) -> Self {
        let fallible = dice.chance(35);
        let failures = dice.chance(40);
        let here = dice.chance(25);
        let background = dice.chance(60);
        let resources: Option<Vec<bool>> =
            dice.chance(70).then(|| (0..dice.below(4)).map(|_| dice.chance(70)).collect());
        let count = if dice.chance(10) { 25 + dice.below(16) } else { 1 + dice.below(14) };
        let mut nodes: Vec<Node> = Vec::new();
        let mut moved = vec![false; count];
        for at in 0..count {
            let mut node = Node::plain(dice, fallible, failures);
            if background && dice.chance(20) {
                node.place = Place::Background;
                if node.end == End::Error {
                    node.end = End::Panic;
                }
            } else if here && dice.chance(30) {
                node.place = Place::Here;
            }
            let is_background = node.place == Place::Background;
            for _ in 0..dice.below(4) {
                let lent = resources.as_deref().unwrap_or(&[]);
                let Some(input) = Self::input(dice, &nodes, &moved, lent, is_background) else { continue };
                if node.inputs.iter().any(|other| other.source == input.source) {
                    continue;
                }
                if let (Mode::Move, Source::Node(from)) = (input.mode, input.source) {
                    moved[from] = true;
                }
                node.inputs.push(input);
            }
            for _ in 0..dice.below(3) {
                let from = if at == 0 { continue } else { dice.below(at) };
                let of_background = nodes[from].place == Place::Background;
                let taken = node.inputs.iter().any(|input| input.source == Source::Node(from));
                let gone = of_background && moved[from] && !taken;
                if nodes[from].named && !node.after.contains(&from) && !gone && (is_background || !of_background) {
                    node.after.push(from);
                }
            }
            nodes.push(node);
        }
        Graph { seed, fallible, resources, nested: false, in_pool: false, nodes }
    }

    fn input(dice: &mut Dice, nodes: &[Node], moved: &[bool], lent: &[bool], background: bool) -> Option<Input> {
        if !lent.is_empty() && dice.chance(45) {
            let resource = dice.below(lent.len());
            let mode = match dice.below(4) {
                _ if background => Mode::Clone,
                0 | 1 if lent[resource] => Mode::Mut,
                2 => Mode::Clone,
                _ => Mode::Read,
            };
            return Some(Input { mode, source: Source::Resource(resource) });
        }
        if nodes.is_empty() {
            return None;
        }
        let from = dice.below(nodes.len());
        let of_background = nodes[from].place == Place::Background;
        if !nodes[from].named || moved[from] || (of_background && !background) {
            return None;
        }
        let mode = match dice.below(6) {
            _ if of_background => Mode::Move,
            0 => Mode::Move,
            1 | 2 if !background => Mode::Mut,
            3 => Mode::Clone,
            _ if background => Mode::Clone,
            _ => Mode::Read,
        };
        Some(Input { mode, source: Source::Node(from) })
    }

    /// The block, as an expression of a function body with `cx` and the resources in scope.
    pub fn block(&self) -> String {
        let mut text =
            String::from(if self.fallible { "micropool::try_parallel! {\n" } else { "micropool::parallel! {\n" });
        if self.in_pool {
            text += "        in pool;\n";
        }
        if self.nested {
            text += "        nested;\n";
        }
        if let Some(resources) = &self.resources {
            let list: Vec<String> = resources
                .iter()
                .enumerate()
                .map(|(at, mutable)| format!("{}r{at}", if *mutable { "mut " } else { "" }))
                .collect();
            text += &format!("        use {};\n", list.join(", "));
        }
        if self.fallible {
            text += "        error Failed;\n";
        }
        for (at, node) in self.nodes.iter().enumerate() {
            text += &node.line(at, self.fallible);
        }
        text + "    }"
    }

    /// Which node comes before which: `order[a][b]`.
    pub fn order(&self) -> Vec<Vec<bool>> {
        let n = self.nodes.len();
        let mut before = vec![vec![false; n]; n];
        // The last exclusive user of each value, and its shared users since.
        let lent = self.resources.as_ref().map_or(0, Vec::len);
        let mut users: Vec<(Option<usize>, Vec<usize>)> = vec![(None, Vec::new()); n + lent];
        for (at, node) in self.nodes.iter().enumerate() {
            let mut direct = node.after.clone();
            for input in &node.inputs {
                let value = match input.source {
                    Source::Node(from) => {
                        direct.push(from);
                        from
                    }
                    Source::Resource(resource) => n + resource,
                };
                let (holder, readers) = &mut users[value];
                direct.extend(*holder);
                if matches!(input.mode, Mode::Mut | Mode::Move) {
                    direct.append(readers);
                    *holder = Some(at);
                } else {
                    readers.push(at);
                }
            }
            for from in direct.into_iter().filter(|&from| from != at) {
                for (earlier, later) in before.iter_mut().enumerate() {
                    later[at] |= later[from] || earlier == from;
                }
            }
        }
        before
    }

    /// What a run must do, from running the nodes one after another.
    pub fn expected(&self) -> Outcome {
        let n = self.nodes.len();
        let lent = self.resources.as_ref().map_or(0, Vec::len);
        let mut resources: Vec<u64> = (0..lent).map(first_value).collect();
        let mut results = vec![State::Absent; n];
        let mut ran = vec![0_u32; n];
        // The last exclusive user of each result and of each resource.
        let mut holders: Vec<Option<usize>> = vec![None; n + lent];
        let mut fine = vec![false; n];
        let mut end = None;
        for (at, node) in self.nodes.iter().enumerate() {
            let slot = |source: Source| match source {
                Source::Node(from) => from,
                Source::Resource(resource) => n + resource,
            };
            let sources = node.inputs.iter().map(|input| input.source);
            let needed: Vec<usize> = sources
                .clone()
                .filter_map(|source| match source {
                    Source::Node(from) => Some(from),
                    Source::Resource(_) => None,
                })
                .chain(node.after.iter().copied())
                .chain(sources.clone().filter_map(|source| holders[slot(source)]))
                .collect();
            let runs = needed.iter().all(|&from| fine[from]);
            for input in &node.inputs {
                if matches!(input.mode, Mode::Mut | Mode::Move) {
                    holders[slot(input.source)] = Some(at);
                }
            }
            if !runs {
                continue;
            }
            // A background node whose background predecessor panicked is there, and panics too.
            let background = node.place == Place::Background;
            fine[at] = true;
            let inputs: Vec<u64> = node
                .inputs
                .iter()
                .map(|input| match input.source {
                    Source::Node(from) => results[from].folded(),
                    Source::Resource(resource) => resources[resource],
                })
                .collect();
            let of_panicked = needed.iter().any(|&from| results[from] == State::Panicked);
            for input in &node.inputs {
                if let (Mode::Move, Source::Node(from)) = (input.mode, input.source) {
                    results[from] = State::Moved;
                }
            }
            if background && of_panicked {
                results[at] = State::Panicked;
                continue;
            }
            if node.off {
                results[at] = if node.condition { State::Some(UNIT) } else { State::Unit };
                continue;
            }
            let fail = |results: &mut Vec<State>, fine: &mut Vec<bool>, end: &mut Option<(usize, End)>, how: End| {
                if background {
                    results[at] = State::Panicked;
                } else {
                    fine[at] = false;
                    end.get_or_insert((at, how));
                }
            };
            if node.condition {
                if node.condition_panics {
                    // Where nothing in the background is waited for, the `if` is looked at when the block spawns the node.
                    let waits = node.after.iter().chain(node.inputs.iter().filter_map(|input| match &input.source {
                        Source::Node(from) => Some(from),
                        Source::Resource(_) => None,
                    }));
                    let later = waits.clone().any(|&from| self.nodes[from].place == Place::Background);
                    if background && !later {
                        fine[at] = false;
                        end.get_or_insert((at, End::Panic));
                    } else {
                        fail(&mut results, &mut fine, &mut end, End::Panic);
                    }
                    continue;
                }
                if !decide(at, &inputs) {
                    results[at] = State::None;
                    continue;
                }
            }
            ran[at] += 1;
            for input in &node.inputs {
                if input.mode == Mode::Mut {
                    match input.source {
                        Source::Node(from) => results[from] = results[from].touch(at),
                        Source::Resource(resource) => resources[resource] = touched(resources[resource], at),
                    }
                }
            }
            if node.end != End::Value {
                fail(&mut results, &mut fine, &mut end, node.end);
                continue;
            }
            let value = if node.inner { combine(at, &[nest(at, &inputs)]) } else { combine(at, &inputs) };
            results[at] = if node.condition { State::Some(value) } else { State::Value(value) };
        }
        let fields = (0..n).filter(|&at| self.nodes[at].named).map(|at| results[at]).collect();
        Outcome { ran, resources, result: end.map_or(Ok(fields), Err) }
    }
}

pub const UNIT: u64 = 77;
pub const NOTHING: u64 = 99;

pub fn first_value(resource: usize) -> u64 {
    mix(resource as u64 + 500)
}

/// A node's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Absent,
    Moved,
    Unit,
    Value(u64),
    Some(u64),
    None,
    Panicked,
}

impl State {
    fn folded(self) -> u64 {
        match self {
            State::Unit => UNIT,
            State::Value(value) | State::Some(value) => value,
            State::None => NOTHING,
            State::Panicked => 0,
            State::Absent | State::Moved => unreachable!("nobody uses it: {self:?}"),
        }
    }

    fn touch(self, node: usize) -> State {
        match self {
            State::Value(value) => State::Value(touched(value, node)),
            State::Some(UNIT) => self,
            State::Some(value) => State::Some(touched(value, node)),
            other => other,
        }
    }
}

/// What a run did.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How often each node's expression ran to its end.
    pub ran: Vec<u32>,
    pub resources: Vec<u64>,
    /// The fields, or the node whose failure left the block.
    pub result: Result<Vec<State>, (usize, End)>,
}

impl Node {
    fn plain(dice: &mut Dice, fallible: bool, failures: bool) -> Self {
        let condition = dice.chance(25);
        Node {
            place: Place::Anywhere,
            named: dice.chance(88),
            inputs: Vec::new(),
            after: Vec::new(),
            condition,
            condition_panics: condition && failures && dice.chance(10),
            off: dice.chance(4),
            cost: dice.chance(15).then(|| 1 + dice.draw() % 9),
            end: match dice.below(12) {
                0 if failures => End::Panic,
                1 if failures && fallible => End::Error,
                _ => End::Value,
            },
            inner: dice.chance(10),
            captures: dice.chance(40),
        }
    }

    /// A graph in the node's expression, of one form or the other, which leaves what `nest` says as its only input.
    fn inner(at: usize) -> String {
        let (left, right, both) = (at + 2000, at + 3000, at + 4000);
        let graph = match at % 2 {
            0 => format!(
                "micropool::parallel! {{ left => combine({left}, &inputs), right => combine({right}, &inputs), \
                 both(left, right) => combine({both}, &[*left, *right]) }}.both"
            ),
            _ => format!(
                "{{ let mut sum = 0; micropool::parallel! {{ use mut sum; _(mut sum) => *sum = combine({left}, &inputs), \
                 _(mut sum) => *sum = combine({right}, &[*sum]) }}; sum }}"
            ),
        };
        format!(" let inputs = [{graph}];")
    }

    fn line(&self, at: usize, fallible: bool) -> String {
        let name = |source: Source| match source {
            Source::Node(node) => format!("n{node}"),
            Source::Resource(resource) => format!("r{resource}"),
        };
        let mut text = String::from("        ");
        if self.off {
            text += "#[cfg(any())] ";
        }
        if let Some(cost) = self.cost {
            text += &format!("#[cost({cost})] ");
        }
        text += match self.place {
            Place::Anywhere => "",
            Place::Here => "here ",
            Place::Background => "background ",
        };
        text += &if self.named { format!("n{at}") } else { String::from("_") };
        if !self.inputs.is_empty() {
            let list: Vec<String> = self
                .inputs
                .iter()
                .map(|input| {
                    let mode = match input.mode {
                        Mode::Read => "",
                        Mode::Mut => "mut ",
                        Mode::Move => "move ",
                        Mode::Clone => "clone ",
                    };
                    format!("{mode}{}", name(input.source))
                })
                .collect();
            text += &format!("({})", list.join(", "));
        }
        match &self.after[..] {
            [] => {}
            [one] => text += &format!(" after n{one}"),
            several => {
                let list: Vec<String> = several.iter().map(|node| format!("n{node}")).collect();
                text += &format!(" after ({})", list.join(", "));
            }
        }
        if self.condition {
            let folded: Vec<String> = self.inputs.iter().map(|input| format!("fold({})", name(input.source))).collect();
            text += &format!(" if condition({at}, {}, &[{}])", self.condition_panics, folded.join(", "));
        }
        if self.off {
            return text + " => there_is_no_such_function(),\n";
        }
        let folded: Vec<String> = self
            .inputs
            .iter()
            .map(|input| match input.mode {
                Mode::Read => format!("fold({})", name(input.source)),
                Mode::Mut => format!("fold(&*{})", name(input.source)),
                Mode::Move | Mode::Clone => format!("fold(&{})", name(input.source)),
            })
            .collect();
        text += &format!(" => {{ let inputs: [u64; {}] = [{}];", folded.len(), folded.join(", "));
        for input in &self.inputs {
            if input.mode == Mode::Mut {
                text += &format!(" touch({}, {at});", name(input.source));
            }
        }
        if self.captures {
            text += &format!(" let captured = captured{at};");
        }
        if self.inner {
            text += &Self::inner(at);
        }
        let end = match self.end {
            End::Value => "value",
            End::Panic => "panics",
            End::Error => "error",
        };
        let tries = if fallible && self.place != Place::Background && self.end != End::Error { "Ok" } else { "" };
        text + &format!(" {tries}({end}(cx, {at}, &inputs)) }}\n")
    }
}
