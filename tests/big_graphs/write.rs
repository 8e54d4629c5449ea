// Graphs of 200 nodes as source, and the value of their last node. The build script includes this file to have them run,
// the test of compile times to have them compiled alone.

/// A graph by the inputs of its nodes: each adds them up, plus one.
pub struct Big {
    pub name: &'static str,
    pub header: &'static str,
    pub inputs: Vec<Vec<usize>>,
}

pub const NODES: usize = 200;

pub fn all() -> [Big; 5] {
    [
        big("chain", |node, _| if node == 0 { Vec::new() } else { vec![node - 1] }),
        big("fan", |_, _| Vec::new()),
        big("layers", |node, _| match node / 10 {
            0 => Vec::new(),
            layer => ((layer - 1) * 10..layer * 10).collect(),
        }),
        big("random", |node, random| {
            let mut inputs: Vec<usize> =
                (0..random() % 4).map(|_| random() as usize % NODES).filter(|&input| input < node).collect();
            inputs.sort_unstable();
            inputs.dedup();
            inputs
        }),
        // What nobody uses is in the results all the same.
        Big {
            name: "open_comb",
            header: "use;",
            ..big("", |node, _| match node {
                0 => Vec::new(),
                tooth if tooth % 2 == 1 => vec![tooth - 1],
                vertebra => vec![vertebra - 2],
            })
        },
    ]
}

/// A spine with a tooth at each vertebra, and a last node that gathers the teeth: for `tests/hard_cases`.
pub fn comb() -> Big {
    big("comb", |node, _| match node {
        0 => Vec::new(),
        last if last == NODES - 1 => (1..last).step_by(2).collect(),
        tooth if tooth % 2 == 1 => vec![tooth - 1],
        vertebra => vec![vertebra - 2],
    })
}

fn big(name: &'static str, mut inputs: impl FnMut(usize, &mut dyn FnMut() -> u64) -> Vec<usize>) -> Big {
    let mut state = 1_u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    Big { name, header: "", inputs: (0..NODES).map(|node| inputs(node, &mut random)).collect() }
}

impl Big {
    /// A function that runs the graph and returns the value of its last node.
    pub fn function(&self) -> String {
        let mut text = format!("pub fn {}() -> u64 {{\n    micropool::parallel! {{\n{}", self.name, self.header);
        for (node, inputs) in self.inputs.iter().enumerate() {
            let names: Vec<String> = inputs.iter().map(|input| format!("n{input}")).collect();
            let list = if names.is_empty() { String::new() } else { format!("({})", names.join(", ")) };
            let sum: Vec<String> = names.iter().map(|name| format!("*{name}")).collect();
            text += &format!("        n{node}{list} => add(&[{}]),\n", sum.join(", "));
        }
        text + &format!("    }}\n    .n{}\n}}\n", NODES - 1)
    }

    pub fn value(&self) -> u64 {
        let mut values: Vec<u64> = Vec::new();
        for inputs in &self.inputs {
            let value = inputs.iter().fold(1, |sum: u64, &input| sum.wrapping_add(values[input]));
            values.push(value);
        }
        values[NODES - 1]
    }
}

/// What the functions call.
pub const ADD: &str = "fn add(values: &[u64]) -> u64 {
    values.iter().fold(1, |sum, value| sum.wrapping_add(*value))
}
";
