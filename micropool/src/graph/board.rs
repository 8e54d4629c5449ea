//! The countdown form of `parallel!`: a graph run with a countdown a node, on its caller's stack.
//!
//! The board is one entry that many may enter. A bit a node says that it is ready; bits are in order of urgency, so the
//! lowest set bit is the node with the longest way to the end. Whoever finishes a node counts its successors down, sets the
//! bits of those that are ready now, and goes on with the lowest. A failed node makes its dependants *ready as failed*: they are taken
//! like others, not run, and counted down in turn, so that no chain of failures recurses.

use crate::current;
use crate::opened::{Entry, Opened, Progress};
use crate::panic::{catch, drop_quietly};
use crate::seat::Seat;
use crate::sleep::Mode;
use crate::slot::Work;
use crate::sync::{AtomicU32, AtomicU64, Ordering, UnsafeCell, fence};
use crate::wait::wait;
use crate::wake;

/// A job of a graph: runs once, and says whether what needs it may run.
pub trait NodeJob {
    /// `false`: the node failed or was skipped. Never unwinds.
    fn run(&self) -> bool;
}

/// A closure that is run once, by whoever takes its node.
pub struct OnceJob<F> {
    taken: AtomicU32,
    f: UnsafeCell<Option<F>>,
}

// SAFETY: the closure is taken by the one who turns `taken` from 0 to 1, and by nobody else; it moves to that thread, so it is Send.
#[allow(unsafe_code)]
unsafe impl<F: Send> Sync for OnceJob<F> {}

impl<F: FnOnce() -> bool> OnceJob<F> {
    /// A job of this closure.
    pub fn new(f: F) -> Self {
        Self { taken: AtomicU32::new(0), f: UnsafeCell::new(Some(f)) }
    }
}

impl<F: FnOnce() -> bool> NodeJob for OnceJob<F> {
    #[allow(unsafe_code)]
    fn run(&self) -> bool {
        if self.taken.swap(1, Ordering::Relaxed) != 0 {
            return false;
        }
        // SAFETY: this thread turned `taken`, and only once can anybody.
        let f = self.f.with_mut(|f| unsafe { (*f).take() });
        match f {
            Some(f) => f(),
            None => false,
        }
    }
}

/// Stands in the place of a node that is run on the calling thread.
pub struct Nothing;

impl NodeJob for Nothing {
    fn run(&self) -> bool {
        false
    }
}

/// One node's end counts another's countdown down.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// The later node, by its place in the plan.
    pub to: u32,
    /// Whether the later one is skipped if this one fails; else it is only order.
    pub needs: bool,
}

/// One node of a plan.
#[derive(Clone, Copy, Debug)]
pub struct NodeSpec {
    /// How many edges lead here.
    pub preds: u32,
    /// The edges from here.
    pub succs: &'static [Edge],
    /// Runs on the calling thread only.
    pub here: bool,
}

/// What the macro knows of a graph: its nodes, the most urgent first.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The nodes; a node's place is its rank.
    pub nodes: &'static [NodeSpec],
    /// How many nodes the widest level has: so many threads are woken at the start.
    pub width: u32,
}

/// One node while the graph runs. The ready bits of 64 nodes lie with the first of them.
struct Node {
    left: AtomicU32,
    failed: AtomicU32,
    ready: AtomicU64,
    ready_here: AtomicU64,
}

struct Board<'a> {
    plan: &'static Plan,
    jobs: &'a [&'a (dyn NodeJob + Sync)],
    nodes: &'a [Node],
    unfinished: AtomicU32,
    entry: std::sync::OnceLock<Entry<'a>>,
}

/// Runs a graph: every job whose needed predecessors succeeded, exactly once, as soon as its predecessors are over.
pub fn run_graph<const N: usize>(plan: &'static Plan, jobs: [&(dyn NodeJob + Sync); N], here: &[&dyn NodeJob]) {
    let nodes: [Node; N] = std::array::from_fn(|k| Node {
        left: AtomicU32::new(plan.nodes[k].preds),
        failed: AtomicU32::new(0),
        ready: AtomicU64::new(0),
        ready_here: AtomicU64::new(0),
    });
    run_on_board(plan, &jobs, &nodes, here);
}

#[allow(unsafe_code)]
fn run_on_board(plan: &'static Plan, jobs: &[&(dyn NodeJob + Sync)], nodes: &[Node], here: &[&dyn NodeJob]) {
    if nodes.is_empty() {
        return;
    }
    let board =
        Board { plan, jobs, nodes, unfinished: AtomicU32::new(nodes.len() as u32), entry: std::sync::OnceLock::new() };
    let run = |me: &Seat| {
        // SAFETY: the entry is closed before the board goes, below.
        let work = unsafe { Work::new(std::ptr::from_ref(&board).cast(), help_with_board) };
        let opened = Opened::new(me, work);
        // SAFETY: only the lifetime grows; the board is read by those inside and by this call, all before the close.
        let entry = unsafe { std::mem::transmute::<Entry<'_>, Entry<'_>>(opened.entry()) };
        let first = board.entry.set(entry).is_ok();
        debug_assert!(first);
        wake::warm_up(me.pool(), plan.width.saturating_sub(1));
        let ready = (0..nodes.len()).filter(|&k| plan.nodes[k].preds == 0);
        if ready.fold(0, |count, k| count + board.set_ready(k)) > 1 {
            entry.announce();
        }
        let over = Progress {
            entry: opened.entry(),
            done: || board.unfinished.load(Ordering::Acquire) == 0,
            help: |_: &Seat| board.run_one(Some(here)),
            can_help: || board.any_ready(),
        };
        wait(me, &over);
        opened.close();
    };
    match current::seat() {
        Some(me) => run(me),
        None => current::with_seat_in(crate::global::shared(), run),
    }
}

/// What a thread does that has entered a board.
#[allow(unsafe_code)]
unsafe fn help_with_board(data: *const (), _me: &Seat) {
    // SAFETY: entered: the board stays until this thread has left.
    let board = unsafe { &*data.cast::<Board<'_>>() };
    while board.run_one(None) {}
}

const WORD: usize = 64;

impl Board<'_> {
    fn entry(&self) -> Entry<'_> {
        *self.entry.get().expect("set before anything is ready")
    }

    /// Makes a node ready; 1 if others than the caller may take it.
    fn set_ready(&self, k: usize) -> u32 {
        let word = &self.nodes[k / WORD * WORD];
        let bit = 1 << (k % WORD);
        if self.plan.nodes[k].here {
            // Ordering: Release with the Acquire of `lowest`: the taker sees what the predecessors did.
            word.ready_here.fetch_or(bit, Ordering::Release);
            0
        } else {
            word.ready.fetch_or(bit, Ordering::Release);
            self.entry().available().fetch_add(1, Ordering::AcqRel);
            1
        }
    }

    fn any_ready(&self) -> bool {
        self.nodes
            .iter()
            .step_by(WORD)
            .any(|word| word.ready.load(Ordering::Acquire) | word.ready_here.load(Ordering::Acquire) != 0)
    }

    /// Takes the most urgent ready node.
    fn take(&self, with_here: bool) -> Option<usize> {
        for (w, word) in self.nodes.iter().step_by(WORD).enumerate() {
            loop {
                let ready = word.ready.load(Ordering::Relaxed);
                let here = if with_here { word.ready_here.load(Ordering::Relaxed) } else { 0 };
                if ready | here == 0 {
                    break;
                }
                let k = (ready | here).trailing_zeros();
                let bit = 1 << k;
                let is_here = here & bit != 0;
                let from = if is_here { &word.ready_here } else { &word.ready };
                if from.fetch_and(!bit, Ordering::Acquire) & bit != 0 {
                    if !is_here {
                        self.entry().available().fetch_sub(1, Ordering::AcqRel);
                    }
                    return Some(w * WORD + k as usize);
                }
            }
        }
        None
    }

    /// Takes a node, runs it, and counts its successors down. `here`: this is the calling thread, with its jobs.
    fn run_one(&self, here: Option<&[&dyn NodeJob]>) -> bool {
        let Some(k) = self.take(here.is_some()) else {
            return false;
        };
        let spec = &self.plan.nodes[k];
        if spec.here && self.entry().available().load(Ordering::Relaxed) > 0 {
            // What others may run was perhaps left to this thread, by itself, without a word to those who sleep.
            self.entry().announce();
        }
        let run = || match here {
            Some(here) if spec.here => {
                let place = self.plan.nodes[..k].iter().filter(|node| node.here).count();
                here[place].run()
            }
            _ => self.jobs[k].run(),
        };
        let ok = self.nodes[k].failed.load(Ordering::Relaxed) == 0
            // Jobs catch their own panics; one that doesn't counts as failed rather than taking the board down.
            && catch(run).unwrap_or_else(|payload| {
                drop_quietly(payload);
                false
            });
        let mut others = 0;
        let mut here_ready = false;
        for edge in spec.succs {
            let to = &self.nodes[edge.to as usize];
            if edge.needs && !ok {
                to.failed.store(1, Ordering::Relaxed);
            }
            // Ordering: AcqRel: whoever counts to 0 has seen all predecessors' ends, `failed` among them.
            if to.left.fetch_sub(1, Ordering::AcqRel) == 1 {
                others += self.set_ready(edge.to as usize);
                here_ready |= self.plan.nodes[edge.to as usize].here;
            }
        }
        // This thread goes on with one of them itself.
        if others > 1 || (others == 1 && self.entry().available().load(Ordering::Relaxed) > 1) {
            self.entry().announce();
        }
        if here_ready && here.is_none() {
            // Only the owner may take it. Ordering: with its "announce; heavy fence; look" (S1, S3, S4).
            fence(Ordering::SeqCst);
            let owner = self.entry().owner();
            if owner.sleeper.sleeps_for_position(self.entry().id().position) {
                owner.sleeper.wake(&owner.pool().sleepers, Mode::Strict);
            }
        }
        // Last: at 0 the owner closes the board, and waits for this thread to leave. Ordering: Release, pairs with `done`.
        self.unfinished.fetch_sub(1, Ordering::Release);
        true
    }
}

#[cfg(all(loom, test))]
mod loom_models;
