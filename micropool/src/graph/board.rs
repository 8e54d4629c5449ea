//! The countdown form of `parallel!`: a graph run with a countdown a node, on its caller's stack.
//!
//! The board is one entry that many may enter. A bit a node says that it is ready (`ready.rs`); bits are in order of urgency, so the
//! lowest set bit is the node with the longest way to the end. Whoever finishes a node counts its successors down, sets the
//! bits of those that are ready now, and goes on with the lowest (whose bit he needn't set first). A failed node makes its dependants
//! *ready as failed*: they are taken like others, told not to run, and counted down in turn, so that no chain of failures recurses.
//!
//! *Each job is run once, by one thread.* A node becomes ready once: at the start if nothing leads to it, else by the one who ends the last of
//! its predecessors. Until somebody has found it at 1, a countdown is the number of edges that aren't counted (it begins at the plan's, as
//! `Plan::new` finds them, and nothing counts up): so whoever finds 1 has the last one, and needn't count; who has found more, and others have
//! counted before he does, brings it from 1 to 0. A node that is ready is put in once and taken by one thread, or kept by the one who made it
//! so; the jobs are lent to the run exclusively.

use super::ready::{Batch, Ready, WORD, words};
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
    /// How each node begins: how many edges lead to it (counted here and not taken from the macro: that a job runs once rests on it), and `HERE`.
    left: [u32; N],
    has_here: bool,
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
        let (mut left, mut has_here) = ([0; N], false);
        let mut from = 0;
        while from < N {
            let mut at = 0;
            while at < nodes[from].succs.len() {
                left[nodes[from].succs[at].to as usize] += 1;
                at += 1;
            }
            if nodes[from].here {
                left[from] += HERE;
                has_here = true;
            }
            from += 1;
        }
        Self { nodes, left, has_here, width }
    }

    fn of_any_size(&'static self) -> AnyPlan {
        AnyPlan { nodes: &self.nodes, left: &self.left, has_here: self.has_here, width: self.width }
    }
}

/// A plan, whatever its size.
#[derive(Clone, Copy)]
struct AnyPlan {
    nodes: &'static [NodeSpec],
    left: &'static [u32],
    has_here: bool,
    width: u32,
}

/// One node while the graph runs.
struct Node {
    /// How many predecessors aren't over (the last one may leave it at 1), and flags.
    left: AtomicU32,
}

/// Says in `left` that something needed has failed.
const FAILED: u32 = 1 << 31;

/// Says in `left` that only the caller may run the node.
const HERE: u32 = 1 << 30;

const fn count(left: u32) -> u32 {
    left & !(FAILED | HERE)
}

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
    let nodes: [Node; N] = std::array::from_fn(|k| Node { left: AtomicU32::new(plan.left[k]) });
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
        hand.start();
        // Those that this thread has ended.
        let (ended, here) = (Cell::new(0), RefCell::new(here));
        let over = Progress {
            entry: opened.entry(),
            done: || board.unfinished.load(Ordering::Acquire) == ended.get(),
            help: |_: &Seat| {
                let more = board.run_ready(Caller(&mut here.borrow_mut()));
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
    let ended = board.run_ready(Helper(me));
    board.count_off(ended);
    Ended::Inside
}

/// Who runs nodes.
trait Runner {
    /// Takes a ready node. `rests`: this thread won't run anything for a while, but what it has run is over.
    fn take(&self, hand: &Hand<'_>, rests: impl FnOnce()) -> Option<usize>;

    /// Whether to take the next node with the step that puts in those just made ready, and not by [`take`](Self::take).
    fn goes_on(&self, hand: &Hand<'_>) -> bool;

    /// It has taken one so.
    fn went_on(&self) {}

    /// The job that only the caller may run, of those the one in this place.
    fn job_here(&mut self, place: impl FnOnce() -> usize) -> Option<&mut dyn NodeJob>;

    const IS_CALLER: bool;
}

struct Caller<'a, 'b>(&'a mut [&'b mut dyn NodeJob]);

impl Runner for Caller<'_, '_> {
    const IS_CALLER: bool = true;

    fn take(&self, hand: &Hand<'_>, _rests: impl FnOnce()) -> Option<usize> {
        if hand.any_here() { hand.take_with_here() } else { hand.take() }
    }

    fn goes_on(&self, hand: &Hand<'_>) -> bool {
        !hand.any_here()
    }

    fn job_here(&mut self, place: impl FnOnce() -> usize) -> Option<&mut dyn NodeJob> {
        Some(&mut *self.0[place()])
    }
}

struct Helper<'a>(&'a Seat);

impl Runner for Helper<'_> {
    const IS_CALLER: bool = false;

    fn take(&self, hand: &Hand<'_>, rests: impl FnOnce()) -> Option<usize> {
        hand.take_what_is_worth_it(self.0, rests)
    }

    fn goes_on(&self, hand: &Hand<'_>) -> bool {
        !hand.leaves_nodes(self.0)
    }

    fn went_on(&self) {
        self.0.nodes_worth.took(false);
    }

    fn job_here(&mut self, _place: impl FnOnce() -> usize) -> Option<&mut dyn NodeJob> {
        None
    }
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
    fn run_ready(&self, mut runner: impl Runner) -> u32 {
        let hand = self.hand();
        let mut ended = 0;
        // The node that this thread runs, and after a failure the next one.
        let (mut running, mut given) = (None, None);
        loop {
            let until_none_is = || {
                let mut next = given.take();
                while let Some(k) = next.or_else(|| runner.take(&hand, || self.count_off(std::mem::take(&mut ended)))) {
                    running = Some(k);
                    // Ordering: seen with the step that made it ready.
                    let left = self.nodes[k].left.load(Ordering::Relaxed);
                    let ok = self.run_job(k, left, &mut runner);
                    running = None;
                    next = hand.end(k, ok, &runner);
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
                        given = hand.end(k, false, &runner);
                        ended += 1;
                    }
                    None => resume_unwind(payload),
                },
            }
        }
    }

    /// Runs the job of a node that this thread has taken.
    #[allow(unsafe_code)]
    fn run_job(&self, k: usize, left: u32, runner: &mut impl Runner) -> bool {
        let may = left & FAILED == 0;
        if left & HERE != 0 {
            let place = || self.plan.nodes[..k].iter().filter(|node| node.here).count();
            if let Some(job) = runner.job_here(place) {
                return job.run(may);
            }
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

impl<'a> Hand<'a> {
    fn any_ready(&self) -> bool {
        !self.ready.is_empty() || self.any_here()
    }

    /// Whether something is ready that only the caller may take.
    fn any_here(&self) -> bool {
        self.plan.has_here && !self.ready_here.is_empty()
    }

    /// Makes those ready that nothing leads to.
    fn start(&self) {
        if self.plan.has_here {
            self.ready_here.fill(self.bits_of_those_left_at(HERE));
        }
        if self.ready.fill(self.bits_of_those_left_at(0)) > 1 {
            self.entry.announce();
        }
    }

    /// Of the nodes that begin so, a bit each, in words. (Without a branch for each: which they are is chance.)
    fn bits_of_those_left_at(&self, begin: u32) -> impl Iterator<Item = u64> + use<> {
        self.plan.left.chunks(WORD).map(move |nodes| {
            let bits = nodes.iter().enumerate().map(|(k, &left)| u64::from(left == begin) << k);
            bits.fold(0, std::ops::BitOr::bitor)
        })
    }

    /// Takes the most urgent ready node, for a helper; while it doubts, one that the caller has left for a moment. (Who runs no node takes
    /// one: what is left lies there because the caller is busy.) `rests`: it won't run anything for a while, but what it has run is over.
    #[inline]
    fn take_what_is_worth_it(&self, me: &Seat, rests: impl FnOnce()) -> Option<usize> {
        if self.leaves_nodes(me) {
            rests();
            if let Some(k) = self.take_what_has_lain(me) {
                return Some(k);
            }
        }
        let k = self.take()?;
        me.nodes_worth.took(false);
        Some(k)
    }

    /// Whether a helper lets nodes lie, for their caller, before it takes one.
    fn leaves_nodes(&self, me: &Seat) -> bool {
        me.nodes_worth.is_doubtful() && self.may_leave_nodes(me)
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

    /// Takes the most urgent node that anybody may take.
    fn take(&self) -> Option<usize> {
        self.ready.take(|| self.entry.announce())
    }

    /// Takes the most urgent node, for the caller, where some are ready for it alone.
    #[cold]
    fn take_with_here(&self) -> Option<usize> {
        loop {
            let anybody = self.ready.first(|| self.entry.announce());
            let Some(mine) = self.ready_here.first(|| ()) else { return self.take() };
            if anybody.is_some_and(|anybody| anybody < mine) {
                if let Some(k) = self.take() {
                    return Some(k);
                }
                continue;
            }
            if anybody.is_some() {
                // It was perhaps left to this thread, by itself, without a word to those who sleep.
                self.entry.announce();
            }
            if self.ready_here.remove(mine, || ()) {
                return Some(mine);
            }
        }
    }

    /// A node is over, run or not; perhaps the next one, if this thread has it already.
    #[inline]
    fn end<R: Runner>(&self, k: usize, ok: bool, runner: &R) -> Option<usize> {
        let MadeReady { others, here } = self.count_down_from(k, ok);
        if others.is_empty() && !here {
            return None;
        }
        let mut next = None;
        if !others.is_empty() {
            let left;
            (next, left) = if runner.goes_on(self) { others.insert_and_take() } else { (None, others.insert()) };
            edge("nodes are ready, not announced");
            if next.is_some() {
                runner.went_on();
            }
            if left {
                self.entry.announce();
            }
        }
        if here && !R::IS_CALLER {
            self.wake_owner();
        }
        next
    }

    /// Of what is ready now the caller's own nodes are put in, the others not, or not all.
    #[inline]
    fn count_down_from(&self, k: usize, ok: bool) -> MadeReady<'a> {
        let mut made = MadeReady { others: self.ready.batch(), here: false };
        for edge in self.plan.nodes[k].succs {
            let to = edge.to as usize;
            match self.count_down(to, edge.needs && !ok) {
                None => {}
                Some(left) if left & HERE != 0 => {
                    self.ready_here.insert(to);
                    made.here = true;
                }
                Some(_) => made.others.add(to),
            }
        }
        made
    }

    /// A predecessor of this node is over; the node's word, if that was the last one.
    #[inline]
    fn count_down(&self, k: usize, failed: bool) -> Option<u32> {
        let left = &self.nodes[k].left;
        if failed {
            left.fetch_or(FAILED, Ordering::Relaxed);
        }
        // Ordering: Acquire pairs with the Release of those who have counted: who is the last one has seen all predecessors' ends, `FAILED`
        // among them.
        let before = left.load(Ordering::Acquire);
        if count(before) == 1 {
            return Some(before);
        }
        edge("seen that a node isn't ready, not counted");
        let before = left.fetch_sub(1, Ordering::AcqRel);
        (count(before) == 1).then_some(before)
    }

    /// A node is ready that only the owner may take.
    #[cold]
    fn wake_owner(&self) {
        // Ordering: with its "announce; heavy fence; look" (S1, S3, S4).
        fence(Ordering::SeqCst);
        let owner = self.entry.owner();
        if owner.sleeper.sleeps_for_position(self.entry.id().position) {
            owner.sleeper.wake(&owner.pool().sleepers, Mode::Strict);
        }
    }
}

/// What has become ready.
struct MadeReady<'a> {
    /// What anybody may take.
    others: Batch<'a>,
    /// Whether some that only the caller may.
    here: bool,
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
        assert_eq!(Plan::new(nodes, 1).left, [0, 1, 3]);
        assert_eq!(Plan::new(nodes.map(|node| NodeSpec { here: true, ..node }), 1).left, [HERE, HERE + 1, HERE + 3]);
    }

    #[test]
    #[should_panic(expected = "out of bounds")]
    fn a_plan_has_no_edge_to_nowhere() {
        let nodes = [NodeSpec { succs: &[Edge { to: 1, needs: true }], here: false }];
        let _ = Plan::new(nodes, 1);
    }
}
