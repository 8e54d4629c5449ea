//! What does a join cost, when nobody takes its second half and when somebody may?
//!
//! `fib` forks at every level, without a cutoff: all it does is join. The tree sums boxed nodes, a join a node: what is left
//! of that cost beside the least useful work. The tree is one and the same for everybody, visited in the order in which it
//! was allocated. "two halves by hand" hands half of it to a thread that waits for it, and what both do is joins on one thread.
//! Figures are per join and per node; "serial" is the same recursion without a pool.
//!
//! `--callgrind CONTENDER` runs joins of one contender on one thread and prints how many, for a tool that counts
//! instructions; `--instructions` starts valgrind's callgrind on that for everybody and prints instructions per join.

use clap::Parser;
use micropool_benches::rivals::Forks;
use micropool_benches::rivals::by_hand::Pair;
use micropool_benches::rivals::{
    chili::Chili, forte::Forte, ours, ours::Ours, rayon::Rayon, serial::Serial, upstream::Upstream,
};
use micropool_benches::{Args, Case, Goal, Report, Turn, pin};
use std::hint::black_box;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[derive(Parser)]
#[command(about = "What a join costs")]
struct Options {
    #[command(flatten)]
    common: Args,

    /// The tree of 2^24 - 1 nodes too (1 GiB).
    #[arg(long)]
    large: bool,

    /// Instructions per join of everybody, counted by valgrind's callgrind, instead of times.
    #[arg(long)]
    instructions: bool,

    /// Only runs joins of this contender on one thread, for a tool that counts from outside.
    #[arg(long, value_name = "CONTENDER")]
    callgrind: Option<String>,

    /// How many joins at least, with --callgrind.
    #[arg(long, default_value_t = 100_000)]
    joins: u64,
}

fn fib<F: Forks>(here: &mut F::Here<'_>, n: u32) -> u64 {
    if n < 2 {
        return u64::from(n);
    }
    let (a, b) = F::join(here, |here| fib::<F>(here, n - 1), |here| fib::<F>(here, n - 2));
    a + b
}

/// How many joins `fib(n)` makes: one less than the next number of the sequence.
fn joins_of_fib(n: u32) -> u64 {
    let (mut this, mut next) = (0, 1);
    for _ in 0..=n {
        (this, next) = (next, this + next);
    }
    this - 1
}

struct Node {
    value: u64,
    left: Option<Box<Node>>,
    right: Option<Box<Node>>,
}

impl Node {
    /// A full tree, allocated in the order in which it is visited: a node, what is left of it, what is right of it.
    fn full(depth: u32) -> Box<Self> {
        let mut node = Box::new(Self { value: 1, left: None, right: None });
        if depth > 1 {
            node.left = Some(Self::full(depth - 1));
            node.right = Some(Self::full(depth - 1));
        }
        node
    }
}

fn sum<F: Forks>(here: &mut F::Here<'_>, node: &Node) -> u64 {
    let (left, right) = F::join(
        here,
        |here| node.left.as_ref().map_or(0, |left| sum::<F>(here, left)),
        |here| node.right.as_ref().map_or(0, |right| sum::<F>(here, right)),
    );
    node.value + left + right
}

const LEAST: usize = 3;

fn fib_turn<F: Forks>(threads: usize, n: u32, budget: Duration) -> Turn {
    let expected = fib::<Serial>(&mut (), n);
    F::with(threads, |here| {
        assert_eq!(fib::<F>(here, n), expected);
        Turn::sampled(budget, LEAST, joins_of_fib(n) as f64, || {
            black_box(fib::<F>(here, black_box(n)));
        })
    })
}

/// Sums of a tree, per node.
fn sums(tree: &Node, depth: u32, budget: Duration, mut sum: impl FnMut(&Node) -> u64) -> Turn {
    let nodes = (1_u64 << depth) - 1;
    // A small tree is summed several times a sample, so that the clock is no part of it.
    let batch = (20_000 / nodes).max(1) as usize;
    assert_eq!(sum(tree), nodes);
    Turn::sampled(budget, LEAST, nodes as f64 * batch as f64, || {
        for _ in 0..batch {
            black_box(sum(black_box(tree)));
        }
    })
}

fn tree_turn<F: Forks>(threads: usize, tree: &Node, depth: u32, budget: Duration) -> Turn {
    F::with(threads, |here| sums(tree, depth, budget, |tree| sum::<F>(here, tree)))
}

/// What two threads could do: a half each, handed over by hand, and each half by joins on one thread.
fn halves_by_hand(tree: &Node, depth: u32, budget: Duration) -> Turn {
    let (pool, mut pair) = (ours::pool(1), Pair::new());
    let half = |half: &Option<Box<Node>>| {
        let sum = || half.as_ref().map_or(0, |node| sum::<Ours>(&mut (), node));
        pool.install(sum)
    };
    sums(tree, depth, budget, |tree| {
        let (mut left, right) = (0, AtomicU64::new(0));
        pair.both(|| left = half(&tree.left), || right.store(half(&tree.right), Ordering::Relaxed));
        tree.value + left + right.into_inner()
    })
}

fn main() {
    let options = Options::parse();
    if let Some(contender) = &options.callgrind {
        return run_joins(contender, options.joins);
    }
    if options.instructions {
        return count_instructions(&options.common);
    }
    let args = &options.common;
    let mut report = Report::start("joins", args);
    let budget = Duration::from_millis(args.size(25, 60));
    let n = args.size(27, 30);

    Case::new(format!("fib({n}), per join, 1 thread"))
        .contender(Ours::NAME, || fib_turn::<Ours>(1, n, budget))
        .contender(Chili::NAME, || fib_turn::<Chili>(1, n, budget))
        .contender(Rayon::NAME, || fib_turn::<Rayon>(1, n, budget))
        .contender(Forte::NAME, || fib_turn::<Forte>(1, n, budget))
        .yardstick(Serial::NAME, || fib_turn::<Serial>(1, n, budget))
        .goal(Goal::ratio(Chili::NAME, 1.25))
        .goal(Goal::ratio(Rayon::NAME, 0.4))
        .run(args, &mut report);

    Case::new(format!("fib({n}), per join, 2 threads"))
        .contender(Ours::NAME, || fib_turn::<Ours>(2, n, budget))
        .contender(Chili::NAME, || fib_turn::<Chili>(2, n, budget))
        .contender(Rayon::NAME, || fib_turn::<Rayon>(2, n, budget))
        .contender(Forte::NAME, || fib_turn::<Forte>(2, n, budget))
        .contender(Upstream::NAME, || fib_turn::<Upstream>(2, n, budget))
        .yardstick(Serial::NAME, || fib_turn::<Serial>(1, n, budget))
        .goal(Goal::ratio(Chili::NAME, 1.25))
        .goal(Goal::ratio(Rayon::NAME, 0.4))
        .run(args, &mut report);

    let depths: &[u32] = if options.large { &[10, 20, 24] } else { &[10, 20] };
    for &depth in depths {
        let tree = Node::full(depth);
        let one = "micropool, 1 thread";
        Case::new(format!("sum of a tree of {} nodes, per node, 1 thread", (1_u64 << depth) - 1))
            .contender(Ours::NAME, || tree_turn::<Ours>(1, &tree, depth, budget))
            .contender(Chili::NAME, || tree_turn::<Chili>(1, &tree, depth, budget))
            .contender(Rayon::NAME, || tree_turn::<Rayon>(1, &tree, depth, budget))
            .contender(Forte::NAME, || tree_turn::<Forte>(1, &tree, depth, budget))
            .yardstick(Serial::NAME, || tree_turn::<Serial>(1, &tree, depth, budget))
            .goal(Goal::ratio(Chili::NAME, 1.15))
            .run(args, &mut report);
        Case::new(format!("sum of a tree of {} nodes, per node, 2 threads", (1_u64 << depth) - 1))
            .contender(Ours::NAME, || tree_turn::<Ours>(2, &tree, depth, budget))
            .contender(one, || tree_turn::<Ours>(1, &tree, depth, budget))
            .contender(Chili::NAME, || tree_turn::<Chili>(2, &tree, depth, budget))
            .contender(Rayon::NAME, || tree_turn::<Rayon>(2, &tree, depth, budget))
            .contender(Forte::NAME, || tree_turn::<Forte>(2, &tree, depth, budget))
            .contender(Upstream::NAME, || tree_turn::<Upstream>(2, &tree, depth, budget))
            .yardstick(Serial::NAME, || tree_turn::<Serial>(1, &tree, depth, budget))
            .yardstick("two halves by hand", || halves_by_hand(&tree, depth, budget))
            .goal(Goal::ratio(Chili::NAME, 1.15))
            .goal(Goal::ratio(one, 1.0 / 1.6))
            .run(args, &mut report);
    }
    report.finish();
}

/// Joins of one contender on one thread, and how many.
fn run_joins(contender: &str, at_least: u64) {
    pin::start(false);
    let n = (0..).find(|&n| joins_of_fib(n) >= at_least).expect("the sequence grows");
    let value = match contender {
        name if name == Ours::NAME => Ours::with(1, |here| fib::<Ours>(here, n)),
        name if name == Chili::NAME => Chili::with(1, |here| fib::<Chili>(here, n)),
        name if name == Rayon::NAME => Rayon::with(1, |here| fib::<Rayon>(here, n)),
        name if name == Forte::NAME => Forte::with(1, |here| fib::<Forte>(here, n)),
        name if name == Serial::NAME => Serial::with(1, |here| fib::<Serial>(here, n)),
        other => panic!("there is no contender {other:?} for one thread"),
    };
    black_box(value);
    println!("{}", joins_of_fib(n));
}

/// The difference of two runs over the difference of their joins: what starting costs drops out.
fn count_instructions(args: &Args) {
    println!("instructions per join that nobody takes");
    for contender in [Ours::NAME, Chili::NAME, Rayon::NAME, Forte::NAME, Serial::NAME] {
        if args.wants(contender) {
            let (joins, instructions) = callgrind(contender, 100_000);
            let (more_joins, more_instructions) = callgrind(contender, 400_000);
            let per_join = (more_instructions - instructions) as f64 / (more_joins - joins) as f64;
            println!("{contender:16} {per_join:6.1}");
        }
    }
}

fn callgrind(contender: &str, joins: u64) -> (u64, u64) {
    let me = std::env::current_exe().expect("a program knows its own file");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(me)
        .args(["--callgrind", contender, "--joins", &joins.to_string()])
        .output()
        .expect("valgrind is installed");
    let (out, notes) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let counted = notes.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    (out.trim().parse().expect("the number of joins"), counted.unwrap_or_else(|| panic!("no count in {notes}")))
}
