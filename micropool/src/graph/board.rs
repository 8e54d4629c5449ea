//! The countdown form of `parallel!`: a graph run with a countdown a node, on its caller's stack.
//!
//! The board is one entry that many may enter. A bit a node says that it is ready (`ready.rs`); bits are in order of urgency, so the
//! lowest set bit is the node with the longest way to the end. Whoever finishes a node counts its successors down, sets the
//! bits of those that are ready now, and goes on with the lowest. A failed node makes its dependants *ready as failed*: they are taken
//! like others, told not to run, and counted down in turn, so that no chain of failures recurses.
//!
//! *Each job is run once, by one thread.* A node's bit is set once: at the start if nothing leads to it, else when the one node before it
//! ends, or when its countdown falls from 1 to 0, which it does once (nothing counts it up again; both counts are those of the plan's edges,
//! as `Plan::new` finds them). Its bit is removed by one thread, and the
//! jobs are lent to the run exclusively.

use super::ready::{Ready, words};
use crate::broadcast;
use crate::current;
use crate::opened::{Entry, Noted, Opened, Progress};
use crate::panic::{catch, drop_quietly};
use crate::seat::Seat;
use crate::sleep::Mode;
use crate::slot::{Ended, Work};
use crate::sync::{AtomicU32, AtomicU64, Ordering, edge, fence};
use crate::wait::wait;
use crate::wake;
use crate::worth::rest;
use std::cell::{Cell, RefCell};
use std::panic::resume_unwind;

/// A job of a graph: runs once, and says whether what needs it may run.
pub trait NodeJob {
    /// `false`: the node failed or was skipped. Never unwinds. If it may not run, it only ends what its nodes have captured.
    fn run(&mut self, may: bool) -> bool;
}

/// A job that is lent to a run, and may run on another thread.
pub type AnyJob<'a> = &'a mut (dyn NodeJob + Send);

/// A closure that is run once.
pub struct OnceJob<F>(Option<F>);

// SAFETY: it has nothing but the closure, so it would be `Send` by itself; but then rustc would lead whoever captures what isn't
// `Send` through the fields of this type.
#[allow(unsafe_code)]
unsafe impl<F: Send> Send for OnceJob<F> {}

impl<F: FnOnce(bool) -> bool> OnceJob<F> {
    /// A job of this closure.
    pub fn new(f: F) -> Self {
        Self(Some(f))
    }
}

impl<F: FnOnce(bool) -> bool> NodeJob for OnceJob<F> {
    fn run(&mut self, may: bool) -> bool {
        self.0.take().is_some_and(|f| f(may))
    }
}

/// Stands in the place of a node that is run on the calling thread.
pub struct Nothing;

impl NodeJob for Nothing {
    fn run(&mut self, _may: bool) -> bool {
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
    /// The edges from here.
    pub succs: &'static [Edge],
    /// Runs on the calling thread only.
    pub here: bool,
}

/// What the macro knows of a graph: its nodes, the most urgent first.
#[derive(Debug)]
pub struct Plan<const N: usize> {
    nodes: [NodeSpec; N],
    /// How many edges lead to each node. Counted here and not taken from the macro: that a job runs once rests on it.
    preds: [u32; N],
    width: u32,
}

impl<const N: usize> Plan<N> {
    /// A node's place is its rank. `width`: how many nodes the widest level has; so many threads are woken at the start.
    ///
    /// # Panics
    ///
    /// If an edge leads to no node; in a constant, as the macro writes it, that is an error of the compiler.
    #[must_use]
    pub const fn new(nodes: [NodeSpec; N], width: u32) -> Self {
        let mut preds = [0; N];
        let mut from = 0;
        while from < N {
            let mut at = 0;
            while at < nodes[from].succs.len() {
                preds[nodes[from].succs[at].to as usize] += 1;
                at += 1;
            }
            from += 1;
        }
        Self { nodes, preds, width }
    }

    fn of_any_size(&'static self) -> AnyPlan {
        AnyPlan { nodes: &self.nodes, preds: &self.preds, width: self.width }
    }
}

/// A plan, whatever its size.
#[derive(Clone, Copy)]
struct AnyPlan {
    nodes: &'static [NodeSpec],
    preds: &'static [u32],
    width: u32,
}

/// One node while the graph runs.
struct Node {
    /// How many predecessors aren't over, and `FAILED` if the node can't run.
    left: AtomicU32,
}

/// Says in `left` that something needed has failed.
const FAILED: u32 = 1 << 31;

struct Board<'a, 'job> {
    plan: AnyPlan,
    jobs: &'a [Cell<AnyJob<'job>>],
    nodes: &'a [Node],
    /// The words of what is ready for anybody, and of what is for the caller.
    words: [&'a [AtomicU64]; 2],
    top_here: AtomicU64,
    /// Those that aren't over; each thread counts its own off when it finds nothing ready, or rests.
    unfinished: AtomicU32,
    entry: Noted<'a>,
}

/// Runs a graph: every job exactly once, as soon as its predecessors are over; it is told whether those that it needs succeeded. `W` is [`words`] of `N`.
pub fn run_graph<const N: usize, const W: usize>(
    plan: &'static Plan<N>,
    mut jobs: [AnyJob<'_>; N],
    here: &mut [&mut dyn NodeJob],
) {
    const { assert!(W == words(N)) };
    let nodes: [Node; N] = std::array::from_fn(|k| Node { left: AtomicU32::new(plan.preds[k]) });
    let words: [[AtomicU64; W]; 2] = std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0)));
    run_on_board(plan.of_any_size(), &mut jobs, &nodes, [&words[0], &words[1]], here);
}

#[allow(unsafe_code)]
fn run_on_board(
    plan: AnyPlan,
    jobs: &mut [AnyJob<'_>],
    nodes: &[Node],
    words: [&[AtomicU64]; 2],
    here: &mut [&mut dyn NodeJob],
) {
    if nodes.is_empty() {
        return;
    }
    let board = Board {
        plan,
        jobs: Cell::from_mut(jobs).as_slice_of_cells(),
        nodes,
        words,
        top_here: AtomicU64::new(0),
        unfinished: AtomicU32::new(nodes.len() as u32),
        entry: Noted::new(),
    };
    let run = |me: &Seat| {
        // SAFETY: the entry is closed before the board goes, below.
        let work = unsafe { Work::new(std::ptr::from_ref(&board).cast(), help_with_board) };
        let opened = Opened::new(me, work);
        // SAFETY: only the lifetime grows; the board is read by those inside and by this call, all before the close.
        let entry = unsafe { std::mem::transmute::<Entry<'_>, Entry<'_>>(opened.entry()) };
        // SAFETY: nothing is available yet.
        unsafe { board.entry.note(entry) };
        wake::warm_up(me.pool(), plan.width.saturating_sub(1));
        let hand = board.hand();
        if hand.set_ready((0..nodes.len()).filter(|&k| plan.preds[k] == 0)).others > 1 {
            entry.announce();
        }
        // Those that this thread has ended.
        let (ended, here) = (Cell::new(0), RefCell::new(here));
        let over = Progress {
            entry: opened.entry(),
            done: || board.unfinished.load(Ordering::Acquire) == ended.get(),
            help: |_: &Seat| {
                let more = board.run_ready(Runner::Caller(&mut here.borrow_mut()));
                ended.set(ended.get() + more);
                more > 0
            },
            can_help: || hand.any_ready(),
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
unsafe fn help_with_board(data: *const (), me: &Seat) -> Ended {
    // SAFETY: entered: the board stays until this thread has left.
    let board = unsafe { &*data.cast::<Board<'_, '_>>() };
    let ended = board.run_ready(Runner::Helper(me));
    board.count_off(ended);
    Ended::Inside
}

/// Who runs nodes.
enum Runner<'a, 'b> {
    /// With the jobs that it alone may run.
    Caller(&'a mut [&'b mut dyn NodeJob]),
    Helper(&'a Seat),
}

impl Board<'_, '_> {
    fn hand(&self) -> Hand<'_> {
        let entry = self.entry.get();
        Hand {
            plan: self.plan,
            nodes: self.nodes,
            entry,
            ready: Ready::new(entry.available(), self.words[0]),
            ready_here: Ready::new(&self.top_here, self.words[1]),
        }
    }

    /// By a helper, of nodes that it has ended: at 0 the owner closes the board, and waits for this thread to leave.
    fn count_off(&self, ended: u32) {
        edge("nodes ended, not counted off");
        if ended > 0 {
            // Ordering: Release, pairs with `done`.
            self.unfinished.fetch_sub(ended, Ordering::Release);
        }
    }

    /// Runs nodes until none is ready; how many that aren't counted off.
    fn run_ready(&self, mut runner: Runner<'_, '_>) -> u32 {
        let is_caller = matches!(runner, Runner::Caller(_));
        let hand = self.hand();
        let mut ended = 0;
        let mut running = None;
        loop {
            let until_none_is = || {
                loop {
                    let next = match &runner {
                        Runner::Caller(_) => hand.take(true),
                        Runner::Helper(me) => {
                            hand.take_what_is_worth_it(me, || self.count_off(std::mem::take(&mut ended)))
                        }
                    };
                    let Some(k) = next else { break };
                    running = Some(k);
                    let ok = self.run_job(k, hand.may_run(k), &mut runner);
                    running = None;
                    hand.end(k, ok, is_caller);
                    ended += 1;
                }
            };
            // Jobs catch their own panics; one that doesn't counts as failed rather than taking the board down. One boundary for all:
            // it costs as much as a small node.
            match catch(until_none_is) {
                Ok(()) => return ended,
                Err(payload) => match running.take() {
                    Some(k) => {
                        drop_quietly(payload);
                        hand.end(k, false, is_caller);
                        ended += 1;
                    }
                    None => resume_unwind(payload),
                },
            }
        }
    }

    /// Runs the job of a node that this thread has taken.
    #[allow(unsafe_code)]
    fn run_job(&self, k: usize, may: bool, runner: &mut Runner<'_, '_>) -> bool {
        if let (true, Runner::Caller(here)) = (self.plan.nodes[k].here, runner) {
            let place = self.plan.nodes[..k].iter().filter(|node| node.here).count();
            return here[place].run(may);
        }
        let job = self.jobs[k].as_ptr();
        // SAFETY: this thread has taken the node, as nobody else does (see above), and the board has the jobs exclusively.
        // `board_a_diamond_in_order` (loom) would count a second run.
        unsafe { (*job).run(may) }
    }
}

/// One thread's hand in a board.
struct Hand<'a> {
    plan: AnyPlan,
    nodes: &'a [Node],
    entry: Entry<'a>,
    ready: Ready<'a>,
    /// Put in by anybody, taken by the caller.
    ready_here: Ready<'a>,
}

/// What has become ready.
struct MadeReady {
    /// How many nodes that anybody may take.
    others: u32,
    /// Whether some that only the caller may.
    here: bool,
}

impl Hand<'_> {
    fn any_ready(&self) -> bool {
        !self.ready.is_empty() || !self.ready_here.is_empty()
    }

    /// Makes nodes ready, all together.
    fn set_ready(&self, nodes: impl Iterator<Item = usize>) -> MadeReady {
        let mut made = MadeReady { others: 0, here: false };
        let mut others = self.ready.batch();
        for k in nodes {
            if self.plan.nodes[k].here {
                self.ready_here.insert(k);
                made.here = true;
            } else {
                others.add(k);
                made.others += 1;
            }
        }
        others.insert();
        made
    }

    /// Takes the most urgent ready node, for a helper; while it doubts, one that the caller has left for a moment. (Who runs no node takes
    /// one: what is left lies there because the caller is busy.) `rests`: it won't run anything for a while, but what it has run is over.
    #[inline]
    fn take_what_is_worth_it(&self, me: &Seat, rests: impl FnOnce()) -> Option<usize> {
        if me.nodes_worth.is_doubtful() && self.may_leave_nodes(me) {
            rests();
            if let Some(k) = self.take_what_has_lain(me) {
                return Some(k);
            }
        }
        let k = self.take(false)?;
        me.nodes_worth.took(false);
        Some(k)
    }

    /// Whether a helper may let nodes lie: not where another helper takes them too, nor where others have something for it to do, nor where it
    /// would go to sleep at once.
    fn may_leave_nodes(&self, me: &Seat) -> bool {
        let pool = me.pool();
        let spins = !pool.config.spin.least.is_zero();
        spins && self.entry.helpers() == 1 && pool.background.is_empty() && !broadcast::has_mail(me)
    }

    /// `None`: there is nothing, or somebody else to think of.
    #[cold]
    fn take_what_has_lain(&self, me: &Seat) -> Option<usize> {
        let mut gone = 0;
        while self.may_leave_nodes(me) {
            let k = self.ready.first(|| self.entry.announce())?;
            if me.nodes_worth.has_lain(|| self.ready.has(k)) && self.ready.remove(k, || self.entry.announce()) {
                return Some(k);
            }
            gone += 1;
            rest(gone, || self.entry.is_closed());
        }
        None
    }

    /// Takes the most urgent ready node.
    fn take(&self, with_here: bool) -> Option<usize> {
        let announce = || self.entry.announce();
        loop {
            let anybody = self.ready.first(announce);
            let mine = if with_here { self.ready_here.first(|| ()) } else { None };
            let (k, removed) = match (anybody, mine) {
                (anybody, Some(mine)) if anybody.is_none_or(|anybody| mine < anybody) => {
                    if anybody.is_some() {
                        // It was perhaps left to this thread, by itself, without a word to those who sleep.
                        self.entry.announce();
                    }
                    (mine, self.ready_here.remove(mine, || ()))
                }
                (Some(k), _) => (k, self.ready.remove(k, announce)),
                (None, _) => return None,
            };
            if removed {
                return Some(k);
            }
        }
    }

    fn may_run(&self, k: usize) -> bool {
        // Ordering: seen with the bit that made it ready.
        self.nodes[k].left.load(Ordering::Relaxed) & FAILED == 0
    }

    /// Counts the successors of a node down.
    fn end(&self, k: usize, ok: bool, is_caller: bool) {
        let over = |edge: &&Edge| self.count_down(edge.to as usize, edge.needs && !ok);
        let MadeReady { others, here } =
            self.set_ready(self.plan.nodes[k].succs.iter().filter(over).map(|edge| edge.to as usize));
        edge("nodes are ready, not announced");
        // This thread goes on with one of them itself.
        if others > 1 || (others == 1 && self.ready.has_several()) {
            self.entry.announce();
        }
        if here && !is_caller {
            // Only the owner may take it. Ordering: with its "announce; heavy fence; look" (S1, S3, S4).
            fence(Ordering::SeqCst);
            let owner = self.entry.owner();
            if owner.sleeper.sleeps_for_position(self.entry.id().position) {
                owner.sleeper.wake(&owner.pool().sleepers, Mode::Strict);
            }
        }
    }

    /// A predecessor of this node is over; whether it was the last one.
    fn count_down(&self, k: usize, failed: bool) -> bool {
        let left = &self.nodes[k].left;
        if failed {
            left.fetch_or(FAILED, Ordering::Relaxed);
        }
        // With one predecessor nobody else counts. Ordering: AcqRel: whoever counts to 0 has seen all predecessors' ends, `FAILED` among them.
        self.plan.preds[k] == 1 || left.fetch_sub(1, Ordering::AcqRel) & !FAILED == 1
    }
}

#[cfg(all(loom, test))]
mod loom_models;

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// Twice, where two edges lead from one node to another.
    #[test]
    fn a_plan_counts_the_edges_to_each_node() {
        const TO_1: Edge = Edge { to: 1, needs: true };
        const TO_2: Edge = Edge { to: 2, needs: false };
        let nodes = [&[TO_1, TO_2, TO_2][..], &[TO_2], &[]].map(|succs| NodeSpec { succs, here: false });
        assert_eq!(Plan::new(nodes, 1).preds, [0, 1, 3]);
    }

    #[test]
    #[should_panic(expected = "out of bounds")]
    fn a_plan_has_no_edge_to_nowhere() {
        let nodes = [NodeSpec { succs: &[Edge { to: 1, needs: true }], here: false }];
        let _ = Plan::new(nodes, 1);
    }
}
