// A random program of joins, scopes, loops, graphs and tasks, with panics and cancels; what may come out of it; and a run of it.

use micropool::{SharedTask, Task, ThreadPool};
use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// One piece of a program. `id` counts its runs.
struct Node {
    id: usize,
    kind: Kind,
}

enum Kind {
    Value,
    Panic,
    Join([Arc<Node>; 2]),
    All(Vec<Arc<Node>>),
    /// Items, and whether each is joined by hand.
    Scope(Vec<(Arc<Node>, bool)>),
    Loop(Vec<Arc<Node>>),
    Reduce(Vec<Arc<Node>>),
    /// a, b; c needs a; d needs a and b.
    Graph([Arc<Node>; 4]),
    Task(Arc<Node>),
    /// Joined out of order: the last first.
    Tasks(Vec<Arc<Node>>),
    Then(Arc<Node>, Arc<Node>),
    Shared(Arc<Node>),
    Detached(Arc<Node>),
    Cancelled(Arc<Node>),
    Install(Arc<Node>),
}

/// What a panic of a node carries: its number.
#[derive(Debug)]
struct Failed(usize);

/// What comes of whoever joins a shared task that panicked and isn't the first to do so: a copy of the message, not the payload.
const COPY: usize = usize::MAX;

/// A result, or the panics of which one must come out: where several may be the first in time, each may.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Value(u64),
    Panic(BTreeSet<usize>),
}
use Outcome::{Panic, Value};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Runs {
    Never,
    Perhaps,
    Once,
}

fn mix(a: u64, b: u64) -> u64 {
    (a ^ b.rotate_left(17)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

pub struct Program {
    root: Arc<Node>,
    outcome: Outcome,
    runs: Vec<Runs>,
}

impl Program {
    pub fn generate(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut count = 0;
        let budget = random.usize(1..60);
        let panics = random.u32(0..4) == 0;
        let root = generate(&mut random, &mut count, 0, budget, panics);
        let mut runs = vec![Runs::Never; count];
        let outcome = oracle(&root, Runs::Once, &mut runs);
        Self { root, outcome, runs }
    }

    /// How many nodes it has.
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Runs it in `pool`, whose detached tasks have ended when this returns.
    ///
    /// # Errors
    /// In words, if something came out of it that may not.
    pub fn run(&self, pool: &ThreadPool, other: &Arc<ThreadPool>) -> Result<(), String> {
        let runs = (0..self.len()).map(|_| AtomicU32::new(0)).collect();
        let cx = Arc::new(Cx { runs, cancels: Mutex::default(), other: other.clone() });
        let result = catch_unwind(AssertUnwindSafe(|| pool.install(|| run(&cx, &self.root))));
        let fits = match (&result, &self.outcome) {
            (Ok(value), Value(expected)) => value == expected,
            (Err(payload), Panic(possible)) => possible.contains(&failed(&**payload)),
            _ => false,
        };
        if !fits {
            let came = result.map_err(|payload| failed(&*payload));
            return Err(format!("{came:?} came out instead of {:?}", self.outcome));
        }
        // Detached tasks detach others, for which `wait_idle` doesn't wait. Each holds this, and may drop it a moment after it has ended.
        pool.wait_idle();
        other.wait_idle();
        if !support::eventually(std::time::Duration::from_secs(5), || Arc::strong_count(&cx) == 1) {
            return Err(format!("{} closures were not dropped", Arc::strong_count(&cx) - 1));
        }
        // Now it is known which of the cancelled ran. Outer ones first, for they say of inner ones no more than "perhaps".
        let mut expected = self.runs.clone();
        let mut cancels = std::mem::take(&mut *cx.cancels.lock().unwrap());
        cancels.sort_by_key(|(node, _)| node.id);
        for (node, never_runs) in &cancels {
            oracle(node, if *never_runs { Runs::Never } else { Runs::Once }, &mut expected);
        }
        for (id, (ran, expected)) in cx.runs.iter().zip(&expected).enumerate() {
            let ran = ran.load(Ordering::SeqCst);
            let right = match expected {
                Runs::Never => ran == 0,
                Runs::Perhaps => ran <= 1,
                Runs::Once => ran == 1,
            };
            if !right {
                return Err(format!("node {id} ran {ran} times instead of {expected:?}"));
            }
        }
        Ok(())
    }
}

fn failed(payload: &(dyn Any + Send)) -> usize {
    payload.downcast_ref::<Failed>().map_or(COPY, |failed| failed.0)
}

fn generate(random: &mut fastrand::Rng, count: &mut usize, depth: u32, budget: usize, panics: bool) -> Arc<Node> {
    let id = *count;
    *count += 1;
    let leaf = depth > 9 || *count + 4 > budget;
    let mut child = |random: &mut fastrand::Rng| generate(random, count, depth + 1, budget, panics);
    let kind = if leaf {
        if panics && random.u32(0..8) == 0 { Kind::Panic } else { Kind::Value }
    } else {
        let some = random.usize(0..6);
        let many = |random: &mut fastrand::Rng, child: &mut dyn FnMut(&mut fastrand::Rng) -> Arc<Node>| {
            (0..some).map(|_| child(random)).collect::<Vec<_>>()
        };
        match random.u32(0..15) {
            0..=2 => Kind::Join([child(random), child(random)]),
            3 => Kind::All(many(random, &mut child)),
            4 | 5 => {
                let items = many(random, &mut child);
                Kind::Scope(items.into_iter().map(|item| (item, random.bool())).collect())
            }
            6 => Kind::Loop(many(random, &mut child)),
            7 => Kind::Reduce(many(random, &mut child)),
            8 => Kind::Graph([child(random), child(random), child(random), child(random)]),
            9 => Kind::Task(child(random)),
            10 => Kind::Tasks(many(random, &mut child)),
            11 => Kind::Then(child(random), child(random)),
            12 => Kind::Shared(child(random)),
            13 if random.bool() => Kind::Detached(child(random)),
            13 => Kind::Cancelled(child(random)),
            _ => Kind::Install(child(random)),
        }
    };
    Arc::new(Node { id, kind })
}

/// The sequential meaning. `runs`: whether this node runs; noted for each.
fn oracle(node: &Node, runs: Runs, noted: &mut [Runs]) -> Outcome {
    noted[node.id] = runs;
    let mut all = |nodes: &[Arc<Node>], runs| nodes.iter().map(|node| oracle(node, runs, noted)).collect::<Vec<_>>();
    let first = |outcomes: &[Outcome]| {
        let panic = outcomes.iter().find(|outcome| matches!(outcome, Panic(_))).cloned();
        panic.unwrap_or_else(|| {
            Value(outcomes.iter().fold(node.id as u64, |sum, outcome| match outcome {
                Value(value) => mix(sum, *value),
                Panic(_) => sum,
            }))
        })
    };
    let any = |outcomes: &[Outcome]| {
        let numbers =
            outcomes.iter().filter_map(|outcome| if let Panic(numbers) = outcome { Some(numbers) } else { None });
        numbers.flatten().copied().collect::<BTreeSet<_>>()
    };
    let id = node.id as u64;
    match &node.kind {
        Kind::Value => Value(id),
        Kind::Panic => Panic(BTreeSet::from([node.id])),
        Kind::Join(halves) => first(&all(halves, runs)),
        Kind::All(nodes) | Kind::Tasks(nodes) => {
            let outcomes = all(nodes, runs);
            if let Kind::Tasks(_) = node.kind {
                // Joined from the last on: that is where the panic comes from. The others run all the same.
                match outcomes.iter().rfind(|outcome| matches!(outcome, Panic(_))) {
                    Some(panic) => panic.clone(),
                    None => first(&outcomes),
                }
            } else {
                first(&outcomes)
            }
        }
        Kind::Scope(items) => {
            let outcomes: Vec<(Outcome, bool)> =
                items.iter().map(|(item, joined)| (oracle(item, runs, noted), *joined)).collect();
            let joined: Vec<Outcome> = outcomes.iter().filter(|item| item.1).map(|item| item.0.clone()).collect();
            let let_go: Vec<Outcome> = outcomes.iter().filter(|item| !item.1).map(|item| item.0.clone()).collect();
            match first(&joined) {
                panic @ Panic(_) => panic,
                value => match any(&let_go) {
                    numbers if numbers.is_empty() => value,
                    numbers => Panic(numbers),
                },
            }
        }
        Kind::Loop(nodes) | Kind::Reduce(nodes) => {
            // A panic stops the loop: then others may run or not. Looked at twice, to know first whether there may be one.
            let outcomes = all(nodes, runs);
            match any(&outcomes) {
                numbers if numbers.is_empty() => first(&outcomes),
                numbers => {
                    if runs == Runs::Once {
                        all(nodes, Runs::Perhaps);
                    }
                    Panic(numbers)
                }
            }
        }
        Kind::Graph([a, b, c, d]) => {
            let a = oracle(a, runs, noted);
            let b = oracle(b, runs, noted);
            let skipped = |needs: &[&Outcome]| needs.iter().any(|need| matches!(need, Panic(_)));
            let c = if skipped(&[&a]) { Value(0) } else { oracle(c, runs, noted) };
            let d = if skipped(&[&a, &b]) { Value(0) } else { oracle(d, runs, noted) };
            first(&[a, b, c, d])
        }
        Kind::Task(child) | Kind::Install(child) => first(&[oracle(child, runs, noted)]),
        Kind::Then(head, tail) => match oracle(head, runs, noted) {
            panic @ Panic(_) => panic,
            head => first(&[head, oracle(tail, runs, noted)]),
        },
        Kind::Shared(child) => match oracle(child, runs, noted) {
            // Its two joiners are on two threads: which is the first is open, and whose panic leaves their join isn't.
            Panic(mut possible) => {
                possible.insert(COPY);
                Panic(possible)
            }
            value => first(&[value.clone(), value]),
        },
        Kind::Detached(child) => {
            oracle(child, runs, noted);
            Value(id)
        }
        Kind::Cancelled(child) => {
            oracle(child, Runs::Perhaps, noted);
            Value(id)
        }
    }
}

struct Cx {
    runs: Vec<AtomicU32>,
    /// Tasks that were cancelled, and what `cancel` said.
    cancels: Mutex<Vec<(Arc<Node>, bool)>>,
    other: Arc<ThreadPool>,
}

fn run(cx: &Arc<Cx>, node: &Arc<Node>) -> u64 {
    cx.runs[node.id].fetch_add(1, Ordering::SeqCst);
    let id = node.id as u64;
    let spawn = |child: &Arc<Node>| -> Task<u64> {
        let (cx, child) = (cx.clone(), child.clone());
        micropool::spawn(move || run(&cx, &child))
    };
    match &node.kind {
        Kind::Value => id,
        Kind::Panic => panic_any(Failed(node.id)),
        Kind::Join([a, b]) => {
            let (a, b) = micropool::join(|| run(cx, a), || run(cx, b));
            mix(mix(id, a), b)
        }
        Kind::All(nodes) => {
            let jobs: Vec<_> = nodes.iter().map(|node| || run(cx, node)).collect();
            micropool::join_all(jobs).into_iter().fold(id, mix)
        }
        Kind::Scope(items) => micropool::scope(|s| {
            let mut kept = Vec::new();
            for (item, joined) in items {
                let task = s.spawn(move || run(cx, item));
                if *joined {
                    kept.push(task);
                }
            }
            kept.into_iter().fold(id, |sum, task| mix(sum, task.join()))
        }),
        Kind::Loop(nodes) => {
            let values: Vec<_> = nodes.iter().map(|_| std::sync::atomic::AtomicU64::new(0)).collect();
            micropool::split_per_item().for_each_range(nodes.len(), |range| {
                for k in range {
                    values[k].store(run(cx, &nodes[k]), Ordering::Relaxed);
                }
            });
            values.into_iter().fold(id, |sum, value| mix(sum, value.into_inner()))
        }
        Kind::Reduce(nodes) => {
            let each = |range: std::ops::Range<usize>| range.map(|k| run(cx, &nodes[k])).collect::<Vec<_>>();
            let values = micropool::split_by_threads().reduce_ranges(nodes.len(), each, |a, b| [a, b].concat());
            values.unwrap_or_default().into_iter().fold(id, mix)
        }
        Kind::Graph([a, b, c, d]) => {
            let frame = micropool::parallel! {
                use;
                one => run(cx, a),
                two => run(cx, b),
                three after one => run(cx, c),
                four after (one, two) => run(cx, d),
            };
            [frame.one, frame.two, frame.three, frame.four].into_iter().fold(id, mix)
        }
        Kind::Task(child) => mix(id, spawn(child).join()),
        Kind::Tasks(nodes) => {
            let tasks: Vec<Task<u64>> = nodes.iter().map(spawn).collect();
            let mut outcomes: Vec<_> = tasks.into_iter().rev().map(Task::outcome).collect();
            if let Some(k) = outcomes.iter().position(Result::is_err) {
                resume_unwind(outcomes.swap_remove(k).expect_err("it is one"));
            }
            outcomes.into_iter().rev().fold(id, |sum, value| mix(sum, value.expect("all are")))
        }
        Kind::Then(head, tail) => {
            let (cx, tail) = (cx.clone(), tail.clone());
            spawn(head).then(move |head| mix(mix(id, head), run(&cx, &tail))).join()
        }
        Kind::Shared(child) => {
            let task: SharedTask<u64> = spawn(child).share();
            let other = task.clone();
            let (a, b) = micropool::join(|| *task.join(), move || *other.join());
            mix(mix(id, a), b)
        }
        Kind::Detached(child) => {
            spawn(child).detach();
            id
        }
        Kind::Cancelled(child) => {
            let never_runs = spawn(child).cancel();
            cx.cancels.lock().unwrap().push((child.clone(), never_runs));
            id
        }
        Kind::Install(child) => mix(id, cx.other.install(|| run(cx, child))),
    }
}
