//! Random graphs against running their nodes one after another: results, final resources, the set of nodes that ran, and
//! what leaves the block must be the same for every number of workers.
//!
//! The build script writes the blocks. More of them: `MICROPOOL_RANDOM_GRAPHS=300 cargo test -p micropool-random-graphs`.

#![forbid(unsafe_code)]

use std::any::Any;
use std::panic::panic_any;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Barrier, Mutex, OnceLock};
use std::time::Duration;

use micropool::{Task, ThreadPool, ThreadPoolBuilder};
use support::{eventually, within};

include!("model.rs");

mod generated {
    use super::{Cx, Ended, Failed, IntoState, ThreadPool, combine, condition, error, fold, panics, touch, value};
    include!(concat!(env!("OUT_DIR"), "/random_graphs.rs"));
}

/// What the nodes of one run share.
pub struct Cx {
    /// How often each node ran.
    ran: Vec<AtomicU32>,
    /// Nodes that end only once all of them have started.
    gates: Vec<usize>,
    started: Barrier,
    /// How often each value of the run was dropped.
    drops: Mutex<Vec<u32>>,
    workers: usize,
}

impl Cx {
    /// For the length of the process, for background nodes outlive the block: a few bytes a run. In a list, where LeakSanitizer finds them:
    /// what it reports is lost for another reason.
    fn kept(nodes: usize, pool: &ThreadPool, gates: Vec<usize>) -> &'static Self {
        static ALL: Mutex<Vec<&Cx>> = Mutex::new(Vec::new());
        let (ran, started) = ((0..nodes).map(|_| AtomicU32::new(0)).collect(), Barrier::new(gates.len()));
        let cx = Box::leak(Box::new(Cx { ran, gates, started, drops: Mutex::default(), workers: pool.num_threads() }));
        ALL.lock().unwrap().push(cx);
        cx
    }

    fn life(&'static self) -> Life {
        let mut drops = self.drops.lock().unwrap();
        drops.push(0);
        Life { cx: self, number: drops.len() - 1 }
    }
}

/// Something that is dropped once.
pub struct Life {
    cx: &'static Cx,
    number: usize,
}

impl Clone for Life {
    fn clone(&self) -> Self {
        self.cx.life()
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.cx.drops.lock().unwrap()[self.number] += 1;
    }
}

/// What a node makes.
#[derive(Clone)]
pub struct Made {
    number: u64,
    _life: Life,
}

/// How a block ended.
pub enum Ended {
    Fields(Vec<State>),
    Panic(Box<dyn Any + Send>),
    Error(usize),
}

/// The error of a node, and the payload of its panic.
#[derive(Debug, PartialEq)]
pub struct Failed(pub usize);

pub trait Fold {
    fn folded(&self) -> u64;
    fn touch(&mut self, node: usize);
}

impl Fold for u64 {
    fn folded(&self) -> u64 {
        *self
    }
    fn touch(&mut self, node: usize) {
        *self = touched(*self, node);
    }
}

impl Fold for Made {
    fn folded(&self) -> u64 {
        self.number
    }
    fn touch(&mut self, node: usize) {
        self.number.touch(node);
    }
}

impl Fold for () {
    fn folded(&self) -> u64 {
        UNIT
    }
    fn touch(&mut self, _: usize) {}
}

impl<T: Fold> Fold for Option<T> {
    fn folded(&self) -> u64 {
        self.as_ref().map_or(NOTHING, T::folded)
    }
    fn touch(&mut self, node: usize) {
        if let Some(value) = self {
            value.touch(node);
        }
    }
}

pub fn fold<T: Fold>(value: &T) -> u64 {
    value.folded()
}

pub fn touch<T: Fold>(value: &mut T, node: usize) {
    value.touch(node);
}

pub fn condition(node: usize, panics: bool, inputs: &[u64]) -> bool {
    if panics {
        panic_any(Failed(node));
    }
    decide(node, inputs)
}

pub fn value(cx: &'static Cx, node: usize, inputs: &[u64]) -> Made {
    assert_eq!(micropool::num_threads(), cx.workers, "each node runs in its graph's pool");
    cx.ran[node].fetch_add(1, Ordering::Relaxed);
    if cx.gates.contains(&node) {
        cx.started.wait();
    }
    if node.is_multiple_of(5) {
        std::thread::yield_now();
    }
    Made { number: combine(node, inputs), _life: cx.life() }
}

pub fn panics(cx: &'static Cx, node: usize, inputs: &[u64]) -> Made {
    value(cx, node, inputs);
    panic_any(Failed(node))
}

pub fn error(cx: &'static Cx, node: usize, inputs: &[u64]) -> Result<Made, Failed> {
    value(cx, node, inputs);
    Err(Failed(node))
}

/// A field of a block's value, as the model says it.
pub trait IntoState {
    fn state(self) -> State;
}

impl IntoState for () {
    fn state(self) -> State {
        State::Unit
    }
}

impl IntoState for Made {
    fn state(self) -> State {
        State::Value(self.number)
    }
}

impl<T: Fold> IntoState for Option<T> {
    fn state(self) -> State {
        self.map_or(State::None, |value| State::Some(value.folded()))
    }
}

impl<T: IntoState> IntoState for Task<T> {
    fn state(self) -> State {
        self.outcome().map_or(State::Panicked, T::state)
    }
}

fn run_once(pool: &ThreadPool, graph: &Graph, cx: &'static Cx, run: generated::Run) -> Outcome {
    let mut resources: Vec<u64> = (0..graph.resources.as_ref().map_or(0, Vec::len)).map(first_value).collect();
    let ended = match graph.in_pool {
        true => run(cx, pool, &mut resources),
        false => pool.install(|| run(cx, pool, &mut resources)),
    };
    // Whatever a block that failed has spawned.
    pool.wait_idle();
    let result = match ended {
        Ended::Fields(fields) => Ok(fields),
        Ended::Error(node) => Err((node, End::Error)),
        Ended::Panic(payload) => {
            let Failed(node) = *payload.downcast::<Failed>().expect("only nodes panic");
            Err((node, End::Panic))
        }
    };
    // What a task has captured may go just after its end.
    let all_dropped_once = || cx.drops.lock().unwrap().iter().all(|&drops| drops == 1);
    let drops = || cx.drops.lock().unwrap().clone();
    assert!(
        eventually(Duration::from_secs(10), all_dropped_once),
        "seed {}: values dropped so often: {:?}\n{}",
        graph.seed,
        drops(),
        graph.block()
    );
    Outcome { ran: cx.ran.iter().map(|ran| ran.load(Ordering::Relaxed)).collect(), resources, result }
}

/// A moved result is `()` to who looks at the field.
fn as_seen(mut outcome: Outcome) -> Outcome {
    if let Ok(fields) = &mut outcome.result {
        for field in fields.iter_mut().filter(|field| **field == State::Moved) {
            *field = State::Unit;
        }
    }
    outcome
}

#[test]
fn every_graph_does_what_its_nodes_do_one_after_another() {
    std::panic::set_hook(Box::new(|info| {
        if !info.payload().is::<Failed>() {
            eprintln!("{info}");
        }
    }));
    within(Duration::from_secs(500), || {
        for workers in [0, 1, 2, 4] {
            let pool = ThreadPoolBuilder::new()
                .num_threads(workers)
                .panic_handler(|_| ())
                .build()
                .expect("threads can be made");
            for &(seed, run) in generated::GRAPHS {
                let graph = Graph::generate(seed);
                let expected = as_seen(graph.expected());
                for round in 0..20 {
                    let outcome = as_seen(run_once(&pool, &graph, Cx::kept(graph.nodes.len(), &pool, Vec::new()), run));
                    assert_eq!(outcome, expected, "seed {seed}, {workers} workers, round {round}:\n{}", graph.block());
                }
            }
        }
    });
}

/// Gates: nodes that are all unordered to each other end only once all have started. With as many threads as gates (for the
/// nested form: as nodes) that always comes, unless a run waits for something it need not wait for.
#[test]
fn nothing_is_waited_for_but_what_is_named() {
    let pools: Vec<OnceLock<ThreadPool>> = (0..64).map(|_| OnceLock::new()).collect();
    within(Duration::from_secs(500), move || {
        let mut dice = Dice::new(5);
        let mut most = 0;
        for &(seed, run) in generated::GRAPHS {
            let graph = Graph::generate(seed);
            let expected = as_seen(graph.expected());
            // A `here` node waits for the calling thread, which may stand at a gate.
            if expected.result.is_err() || graph.nodes.iter().any(|node| node.place == Place::Here) {
                continue;
            }
            let order = graph.order();
            let mut nodes: Vec<usize> = (0..graph.nodes.len())
                .filter(|&node| expected.ran[node] == 1 && graph.nodes[node].place == Place::Anywhere)
                .collect();
            for _ in 0..8 {
                for at in (1..nodes.len()).rev() {
                    nodes.swap(at, dice.below(at + 1));
                }
                let mut gates: Vec<usize> = Vec::new();
                for &node in &nodes {
                    if gates.iter().all(|&gate| !order[gate][node] && !order[node][gate]) {
                        gates.push(node);
                    }
                }
                most = most.max(gates.len());
                let threads = if graph.nested { graph.nodes.len() } else { gates.len() };
                let workers = threads.saturating_sub(1);
                let pool = pools[workers].get_or_init(|| {
                    ThreadPoolBuilder::new().num_threads(workers).build().expect("threads can be made")
                });
                let outcome = as_seen(run_once(pool, &graph, Cx::kept(graph.nodes.len(), pool, gates), run));
                assert_eq!(outcome, expected, "seed {seed}:\n{}", graph.block());
            }
        }
        assert!(most >= 3, "the graphs are too narrow to show anything");
    });
}

#[test]
fn the_generated_graphs_use_the_whole_grammar() {
    let graphs: Vec<Graph> = (0..300).map(Graph::generate).collect();
    let nodes = || graphs.iter().flat_map(|graph| &graph.nodes);
    let inputs = || nodes().flat_map(|node| &node.inputs);
    for mode in [Mode::Read, Mode::Mut, Mode::Move, Mode::Clone] {
        assert!(inputs().any(|input| input.mode == mode && matches!(input.source, Source::Node(_))), "{mode:?}");
    }
    for place in [Place::Anywhere, Place::Here, Place::Background] {
        assert!(nodes().filter(|node| node.place == place).count() > 20, "{place:?}");
    }
    for end in [End::Value, End::Panic, End::Error] {
        assert!(nodes().filter(|node| node.end == end).count() > 20, "{end:?}");
    }
    assert!(nodes().filter(|node| node.inner).count() > 20 && nodes().filter(|node| node.captures).count() > 20);
    assert!(graphs.iter().filter(|graph| graph.in_pool).count() > 20);
    assert!(nodes().any(|node| node.condition) && nodes().any(|node| node.off) && nodes().any(|node| !node.named));
    assert!(graphs.iter().any(|graph| graph.nested) && graphs.iter().any(|graph| graph.nodes.len() == 1));
    assert!(graphs.iter().any(|graph| graph.nodes.len() >= 38));
}
