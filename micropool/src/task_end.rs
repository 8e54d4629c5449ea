//! Waiting for the end of a task, and so for the ends of all that it must come after.
//!
//! The thread that waits runs whatever of that can be started, and only then sleeps for something that runs elsewhere. If it waits in
//! the foreground, all of that is foreground from then on: the *marks* in the tasks' states say so to whoever handles them next.
//!
//! | the task is | what the waiter does after M1          | who else comes by                                              |
//! |-------------|----------------------------------------|----------------------------------------------------------------|
//! | Waiting     | the same for what it comes after       | who makes it Queued sees the marks: Q                          |
//! | Queued      | Q                                      | who claims it sees the marks: its segment is foreground (R1)   |
//! | Running     | M2 fence, M3 promotes its segments     | R2 opens its segment, R3 fence, R4 looks at the marks          |
//!
//! * M1 is one exchange on the word of the state: whoever changes the state after it sees the marks, and of those who changed it
//!   before it M1 sees the outcome.
//! * M1-M2-M3 and R2-R3-R4 are the store-buffering litmus: the waiter sees the segment, or the task's thread sees the marks.
//! * Q: the task goes to the pool's queue of promoted tasks too, which any worker looks at as it looks for foreground work, whatever
//!   the cap; and those who sleep until something else has ended are woken, for they may run it.

use crate::current;
use crate::run_unit::{self, refuse_own_end, start_here};
use crate::seat::Seat;
use crate::segment::Target;
use crate::steal::{self, Look};
use crate::sync::{Ordering, edge, fence};
use crate::unit::Unit;
use crate::wait::{Awaited, wait};
use crate::wake;
use crate::word::Tier;
use smallvec::{SmallVec, smallvec};
use std::cell::Cell;
use std::sync::Arc;

type Units = SmallVec<[Arc<dyn Unit>; 4]>;

/// Waits until a task is over: runs it here if nobody has started it, helps with what it made, and before that does the same for what
/// it comes after.
pub(crate) fn wait_over(task: &Arc<dyn Unit>) {
    if task.header().is_over() {
        return;
    }
    refuse_own_end(task.header(), "a task");
    if start_here(task) {
        return;
    }
    mark(task);
    // The way from the task down to what holds it up, by hand instead of by recursion: chains are long.
    let mut way: Units = smallvec![task.clone()];
    // Whether there may be more that holds it up than lies on the way.
    let mut branches = false;
    while let Some(front) = way.last() {
        let header = front.header();
        let held_up = way.len().checked_sub(2).map(|k| &way[k]);
        if header.is_over() || held_up.is_some_and(|task| task.header().is_over()) {
            way.pop();
            continue;
        }
        if header.is_waiting() {
            let mut before = header.unfinished_predecessors(2);
            branches |= before.len() > 1;
            if !before.is_empty() {
                let predecessor = before.swap_remove(0);
                refuse_own_end(predecessor.header(), "a task that must come after this one");
                way.push(predecessor);
                continue;
            }
        }
        if !start_here(front) {
            current::with_seat_in(&header.pool, |me| {
                wait(me, &TaskEnd { me, marked: Cell::new(me.tier()), task, front, held_up, branches });
            });
        }
    }
}

/// Lets everybody know that this thread waits for a task, and so for what it comes after.
fn mark(task: &Arc<dyn Unit>) {
    let mut left: Units = smallvec![task.clone()];
    while let Some(task) = left.pop() {
        let header = task.header();
        let foreground = current::with_seat_in(&header.pool, |me| me.tier() == Tier::Foreground);
        // M1. Where the marks were set before, so were those of what it comes after, or are just being.
        if !header.mark_awaited(foreground) {
            continue;
        }
        edge("M1");
        if header.is_waiting() {
            left.extend(header.unfinished_predecessors(usize::MAX));
        } else if foreground && header.is_queued() {
            run_unit::queue_promoted(&task);
        } else if foreground && !header.is_over() {
            // M2, M3. Ordering: with R3.
            fence(Ordering::SeqCst);
            edge("M2");
            current::with_seat_in(&header.pool, |me| {
                steal::promote_descendants(me, Target::Unit(header.address()));
                wake::promoted(me);
            });
        }
    }
}

/// How many tasks a waiter looks at for one that it could run: what lies further is run by those who find it in a queue.
const LOOKS: usize = 64;

/// The end of a task that can't be started here.
struct TaskEnd<'a> {
    me: &'a Seat,
    /// The tier that the marks speak of: a task that waits may be promoted itself meanwhile.
    marked: Cell<Tier>,
    /// What is waited for, the same or one that comes after it.
    task: &'a Arc<dyn Unit>,
    front: &'a Arc<dyn Unit>,
    /// What comes after the front and holds up the rest: if that is cancelled, there is no reason to wait.
    held_up: Option<&'a Arc<dyn Unit>>,
    /// Whether that may come after others too.
    branches: bool,
}

impl TaskEnd<'_> {
    /// Calls `f` on the tasks that hold up the end and don't wait for others, until it says stop; whether it did.
    fn any_unfinished(&self, mut f: impl FnMut(&Arc<dyn Unit>) -> bool) -> bool {
        if f(self.front) {
            return true;
        }
        if !self.branches {
            return false;
        }
        let mut seen: SmallVec<[usize; LOOKS]> = SmallVec::new();
        let mut left: Units = smallvec![self.task.clone()];
        while let Some(task) = left.pop() {
            let header = task.header();
            if header.is_over() || seen.contains(&header.address()) {
                continue;
            }
            if seen.len() == LOOKS {
                return false;
            }
            seen.push(header.address());
            if header.is_waiting() && header.wakes_in(&self.front.header().pool) {
                left.extend(header.unfinished_predecessors(LOOKS));
            } else if f(&task) {
                return true;
            }
        }
        false
    }

    /// Whether this thread has become foreground since the marks were set.
    fn is_promoted(&self) -> bool {
        self.marked.get() == Tier::Background && self.me.tier() == Tier::Foreground
    }
}

impl Awaited for TaskEnd<'_> {
    fn done(&self) -> bool {
        self.front.header().is_over() || self.held_up.is_some_and(|task| task.header().is_over())
    }

    fn target(&self) -> Target {
        Target::Unit(self.front.header().address())
    }

    fn help(&self, me: &Seat) -> bool {
        if self.is_promoted() {
            self.marked.set(Tier::Foreground);
            mark(self.task);
        }
        self.any_unfinished(|task| {
            let header = task.header();
            if header.is_queued() {
                return start_here(task);
            }
            // What the front made is the wait's own business.
            if Arc::ptr_eq(task, self.front) {
                return false;
            }
            match steal::take_descendant(me, Target::Unit(header.address()), steal::Private::Ask) {
                Look::Found(claimed) => {
                    claimed.run(me);
                    true
                }
                Look::Nothing | Look::Changed => false,
            }
        })
    }

    fn can_help(&self) -> bool {
        self.is_promoted() || self.any_unfinished(|task| task.header().is_queued())
    }
}

#[cfg(all(loom, test))]
mod loom_models;
