//! From the block as written to the graph that it means: what every name stands for, the order that follows, the form
//! of the expansion. Whatever is wrong is reported here, on the token that is wrong; `None` comes with an error.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::{Expr, Type};

use super::graph::{self, Access, Edge, Shape, Value};
use super::parse::{Block, Mode, Node, Place, Resource};
use crate::errors::{Errors, did_you_mean};

/// A right graph.
pub struct Model {
    pub fallible: bool,
    pub pool: Option<Expr>,
    pub error: Option<Type>,
    pub resources: Vec<Resource>,
    pub nodes: Vec<Node>,
    /// For each node, where each of its inputs comes from.
    pub sources: Vec<Vec<Source>>,
    /// For each node, the background nodes it must come after without taking their values.
    pub handles: Vec<Vec<usize>>,
    /// What uses each node's result, then each resource.
    pub values: Vec<Value>,
    /// Which results are moved into another node.
    pub moved: Vec<bool>,
    /// The edges without those that follow from others.
    pub edges: Vec<Edge>,
    pub ranks: Vec<u64>,
    /// Background nodes that wait for no other node but such ones: they are spawned before anything runs.
    pub first: Vec<usize>,
    pub form: Form,
}

/// Where an input comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    Node(usize),
    Resource(usize),
}

pub enum Form {
    /// Nested joins; no shape if there is nothing but background nodes.
    Nested(Option<Shape>),
    Countdown,
}

impl Model {
    /// The nodes that use the value so.
    pub fn users(&self, value: Source, access: Access) -> impl Iterator<Item = usize> {
        let at = match value {
            Source::Node(node) => node,
            Source::Resource(resource) => self.nodes.len() + resource,
        };
        self.values[at].users.iter().filter(move |&&(_, other)| other == access).map(|&(user, _)| user)
    }

    pub fn is_background(&self, node: usize) -> bool {
        self.nodes[node].place == Place::Background
    }
}

/// What a name stands for, where it may be used.
struct Names {
    nodes: HashMap<String, usize>,
    resources: HashMap<String, usize>,
    /// The nodes that each node names, wherever they stand.
    named: Vec<Vec<usize>>,
}

/// Gives the block back if it is wrong. It may be so already; then only that is reported which doesn't follow.
pub fn check(block: Block, fallible: bool, errors: &mut Errors) -> Result<Model, Box<Block>> {
    exclusions(&block, errors);
    let resources = block.resources.as_deref().unwrap_or(&[]);
    let names = names(&block.nodes, resources, errors);
    let mut check = Check {
        nodes: &block.nodes,
        resources,
        names: &names,
        values: (0..block.nodes.len())
            .map(|node| Value { producer: Some(node), users: Vec::new() })
            .chain(resources.iter().map(|_| Value::default()))
            .collect(),
        moved_by: vec![None; block.nodes.len()],
        afters: Vec::new(),
        sources: Vec::new(),
        handles: Vec::new(),
        lost: &block.lost,
        errors,
    };
    for node in 0..block.nodes.len() {
        check.node(node);
    }
    let Check { values, moved_by, afters, sources, handles, .. } = check;
    if !errors.is_empty() {
        return Err(Box::new(block));
    }

    let n = block.nodes.len();
    let all = graph::edges(&values, &afters);
    let first = first(&block.nodes, &all);
    // A background node takes no time on the way to the end: spawning is all that the graph does for it.
    let costs: Vec<u64> =
        block.nodes.iter().map(|node| if node.place == Place::Background { 0 } else { node.cost }).collect();
    let Some(form) = form(&block, &all, &first, errors) else {
        return Err(Box::new(block));
    };
    Ok(Model {
        fallible,
        pool: block.pool,
        error: block.error.map(|(_, ty)| ty),
        resources: block.resources.unwrap_or_default(),
        sources,
        handles,
        values,
        moved: moved_by.iter().map(Option::is_some).collect(),
        edges: graph::reduce(n, &all),
        ranks: graph::ranks(&costs, &all),
        first,
        form,
        nodes: block.nodes,
    })
}

/// The same for `name` and `r#name`, as in Rust.
fn key(name: &Ident) -> String {
    name.unraw().to_string()
}

fn names(nodes: &[Node], resources: &[Resource], errors: &mut Errors) -> Names {
    let mut names = Names { nodes: HashMap::new(), resources: HashMap::new(), named: Vec::new() };
    for (at, resource) in resources.iter().enumerate() {
        if names.resources.insert(key(&resource.name), at).is_some() {
            errors.on(&resource.name, format_args!("`{}` is lent twice: keep one", resource.name));
        }
    }
    let broken = |at: usize| nodes[at].broken;
    for (at, node) in nodes.iter().enumerate() {
        let Some(name) = &node.name else { continue };
        let key = key(name);
        if names.resources.contains_key(&key) && !node.broken {
            errors.on(name, format_args!("`{name}` is a resource already: give the node another name"));
        }
        // The first one keeps the name.
        match names.nodes.entry(key) {
            Entry::Vacant(free) => {
                free.insert(at);
            }
            // Also behind a node that is broken: this may be a part of it.
            Entry::Occupied(taken) if broken(at) || broken(*taken.get()) || (at > 0 && broken(at - 1)) => {}
            Entry::Occupied(taken) => {
                errors.on(
                    name,
                    format_args!("two nodes are called `{}`: give this one another name, or `_`", taken.key()),
                );
            }
        }
    }
    let named = |Node { inputs, after, .. }: &Node| {
        let all = inputs.iter().filter(|input| !input.guessed).map(|input| &input.name).chain(after);
        all.filter_map(|name| names.nodes.get(&key(name)).copied()).collect()
    };
    names.named = nodes.iter().map(named).collect();
    names
}

struct Check<'a> {
    nodes: &'a [Node],
    resources: &'a [Resource],
    names: &'a Names,
    values: Vec<Value>,
    /// The node that each result was moved into so far.
    moved_by: Vec<Option<usize>>,
    afters: Vec<(usize, usize)>,
    sources: Vec<Vec<Source>>,
    handles: Vec<Vec<usize>>,
    /// The words of the block that weren't understood.
    lost: &'a HashSet<String>,
    errors: &'a mut Errors,
}

impl Check<'_> {
    fn node(&mut self, at: usize) {
        let nodes = self.nodes;
        let node = &nodes[at];
        let mut sources = Vec::new();
        for (position, input) in node.inputs.iter().enumerate() {
            let name = &input.name;
            if input.guessed {
                continue;
            }
            if node.inputs[..position].iter().any(|earlier| key(&earlier.name) == key(name)) {
                self.errors.on(name, format_args!("`{name}` is listed twice: keep one"));
                continue;
            }
            let Some(source) = self.resolve(name, at, true) else { continue };
            match source {
                Source::Resource(resource) => self.resource(at, input.mode, name, resource),
                Source::Node(from) => self.result(at, input.mode, name, from),
            }
            sources.push(source);
        }
        let mut handles = Vec::new();
        for name in &node.after {
            let Some(Source::Node(from)) = self.resolve(name, at, false) else { continue };
            let foreground = node.place != Place::Background;
            if nodes[from].place == Place::Background {
                if foreground {
                    self.waits_for_background(at, name);
                    continue;
                }
                if sources.contains(&Source::Node(from)) || handles.contains(&from) {
                    continue;
                }
                if !self.is_there(name, from) {
                    continue;
                }
                // It only looks at the handle, but a `move` of it must come later.
                self.values[from].users.push((at, Access::Shared));
                handles.push(from);
            }
            self.afters.push((from, at));
        }
        self.sources.push(sources);
        self.handles.push(handles);
    }

    /// What `name` stands for in the node `at`; only an input may be a resource.
    fn resolve(&mut self, name: &Ident, at: usize, input: bool) -> Option<Source> {
        if let Some(&resource) = self.names.resources.get(&key(name)) {
            if input {
                return Some(Source::Resource(resource));
            }
            self.errors.on(
                name,
                format_args!(
                    "`{name}` is a resource: what comes after its users lists it too, or comes after one of them"
                ),
            );
            return None;
        }
        match self.names.nodes.get(&key(name)) {
            Some(&from) if from < at => return Some(Source::Node(from)),
            Some(&from) if from == at => {
                self.errors.on(name, format_args!("`{name}` can't wait for itself"));
            }
            Some(&below) => {
                let message = self.stands_below(below, at);
                self.errors.on(name, message);
            }
            None => self.unknown(name, at, input),
        }
        None
    }

    /// What is said of a name in the node `at` that stands below it.
    fn stands_below(&self, below: usize, at: usize) -> String {
        let list = |nodes: &[usize], between: &str| {
            let names: Vec<String> = nodes.iter().map(|&node| format!("`{}`", self.nodes[node].shown())).collect();
            names.join(between)
        };
        let (user, name) = (self.nodes[at].shown(), self.nodes[below].shown());
        if let Some(way) = graph::way(&self.names.named, below, at) {
            // Both ends are the user: what it names, what that names, and so on.
            return format!(
                "`{user}` and `{name}` need each other, moving one doesn't help: `{user}` needs {}",
                list(&way, ", which needs ")
            );
        }
        let moved = list(&graph::moved_along(&self.names.named, below, at), ", ");
        format!("`{name}` stands below `{user}`: nodes run as if from top to bottom, move {moved} above `{user}`")
    }

    fn unknown(&mut self, name: &Ident, at: usize, input: bool) {
        if self.lost.contains(&key(name)) {
            return;
        }
        let above = self.nodes[..at].iter().filter_map(|node| node.name.as_ref()).map(key);
        let resources = self.resources.iter().filter(|_| input).map(|resource| key(&resource.name));
        let mut known: Vec<String> = above.chain(resources).collect();
        // Also names below: they are the next step's message.
        known.extend(self.nodes[at + 1..].iter().filter_map(|node| node.name.as_ref()).map(key));
        let what = if input { "no node above and no resource is" } else { "no node above is" };
        let help = match did_you_mean(&key(name), known.iter().map(String::as_str)) {
            Some(other) => format!("did you mean `{other}`?"),
            None if input => {
                String::from("a local needn't be listed, or is lent to the nodes by `use name;` at the top")
            }
            None => String::from("write one of the names above"),
        };
        self.errors.on(name, format_args!("{what} called `{name}`: {help}"));
    }

    fn resource(&mut self, at: usize, mode: Mode, name: &Ident, resource: usize) {
        let background = self.nodes[at].place == Place::Background;
        match mode {
            Mode::Move => {
                self.errors.on(
                    name,
                    format_args!("the resource `{name}` can't be moved, it is only lent: write `{name}`, `mut {name}` or `clone {name}`"),
                );
                return;
            }
            Mode::Read | Mode::Mut if background => {
                self.errors.on(
                    name,
                    format_args!("a background node outlives the block and can't borrow: write `clone {name}`"),
                );
                return;
            }
            Mode::Mut if !self.resources[resource].mutable => {
                self.errors.on(name, format_args!("`{name}` is lent shared: write `use mut {name};` at the top"));
                return;
            }
            _ => {}
        }
        let access = if mode == Mode::Mut { Access::Exclusive } else { Access::Shared };
        self.values[self.nodes.len() + resource].users.push((at, access));
    }

    fn result(&mut self, at: usize, mode: Mode, name: &Ident, from: usize) {
        let background = self.nodes[at].place == Place::Background;
        let of_background = self.nodes[from].place == Place::Background;
        if of_background && !background {
            self.waits_for_background(at, name);
            return;
        }
        if of_background && mode != Mode::Move {
            self.errors.on(
                name,
                format_args!("`{name}` is a background node: take its value by `move {name}`, or come `after {name}` and leave the handle"),
            );
            return;
        }
        if background && matches!(mode, Mode::Read | Mode::Mut) {
            self.errors.on(
                name,
                format_args!(
                    "a background node outlives the block and can't borrow: write `move {name}` or `clone {name}`"
                ),
            );
            return;
        }
        if !self.is_there(name, from) {
            return;
        }
        if mode == Mode::Move {
            self.moved_by[from] = Some(at);
        }
        let access = match mode {
            Mode::Read | Mode::Clone => Access::Shared,
            Mode::Mut | Mode::Move => Access::Exclusive,
        };
        self.values[from].users.push((at, access));
    }

    /// Whether the result wasn't moved into another node before.
    fn is_there(&mut self, name: &Ident, from: usize) -> bool {
        let Some(taker) = self.moved_by[from] else { return true };
        let taker = self.nodes[taker].shown();
        let help = match self.nodes[from].place {
            Place::Background => format!("come after `{taker}` instead"),
            _ => format!("use it before, or write `clone {name}` there"),
        };
        self.errors.on(name, format_args!("`{name}` was moved into `{taker}` above: {help}"));
        false
    }

    fn waits_for_background(&mut self, at: usize, name: &Ident) {
        let from = self.names.nodes.get(&key(name));
        if self.nodes[at].broken || from.is_some_and(|&from| self.nodes[from].broken) {
            return;
        }
        let user = self.nodes[at].shown();
        self.errors.on(
            name,
            format_args!(
                "`{user}` can't wait for the background node `{name}`: join the handle after the block, or make `{user}` a background node"
            ),
        );
    }
}

fn first(nodes: &[Node], edges: &[Edge]) -> Vec<usize> {
    let mut is_first: Vec<bool> = nodes.iter().map(|node| node.place == Place::Background).collect();
    for at in 0..nodes.len() {
        let waits = edges.iter().any(|edge| edge.to == at && !is_first[edge.from]);
        is_first[at] &= !waits;
    }
    (0..nodes.len()).filter(|&at| is_first[at]).collect()
}

/// What the header `nested;` goes with.
fn exclusions(block: &Block, errors: &mut Errors) {
    let Some(word) = &block.nested else { return };
    if block.resources.is_some() {
        errors.on(
            word,
            "`nested` and `use` exclude each other: a graph with resources runs with countdowns, take one of the two away",
        );
    }
    if let Some(here) = block.nodes.iter().find(|node| node.place == Place::Here) {
        errors.on(
            word,
            format_args!(
                "a graph with `here` nodes runs with countdowns: take `nested` away, or `here` from `{}`",
                here.shown()
            ),
        );
    }
}

fn form(block: &Block, edges: &[Edge], first: &[usize], errors: &mut Errors) -> Option<Form> {
    let (nodes, nested) = (&block.nodes, &block.nested);
    if block.resources.is_some() || nodes.iter().any(|node| node.place == Place::Here) {
        return Some(Form::Countdown);
    }
    let rest: Vec<usize> = (0..nodes.len()).filter(|at| !first.contains(at)).collect();
    if rest.is_empty() {
        return Some(Form::Nested(None));
    }
    match (graph::shape(&rest, &graph::closure(nodes.len(), edges)), nested) {
        (Ok(shape), _) => Some(Form::Nested(Some(shape))),
        (Err(_), None) => Some(Form::Countdown),
        (Err(obstacle), Some(word)) => {
            let [from, to, other, free] =
                [obstacle.from, obstacle.to, obstacle.other, obstacle.free].map(|at| called(nodes, at));
            errors.on(
                word,
                format_args!(
                    "this graph isn't series-parallel, so it can't be nested: {to} waits for {from} and {other}, \
                     but {free} waits for {from} and not for {other}. It would be if {to} didn't wait for \
                     {from}, or if {free} waited for {other} too; or take `nested;` away"
                ),
            );
            None
        }
    }
}

/// A node in a message: by its name, or by its place where several have none.
fn called(nodes: &[Node], at: usize) -> String {
    match &nodes[at].name {
        Some(name) => format!("`{name}`"),
        None => format!("`_` (node {} of {})", at + 1, nodes.len()),
    }
}
