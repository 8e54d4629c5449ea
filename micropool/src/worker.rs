//! What a pool's own threads do: foreground first, then background as far as they may, then spin, then sleep.

use crate::broadcast;
use crate::current;
use crate::panic::{catch, drop_quietly};
use crate::run_unit;
use crate::seat::Seat;
use crate::shared::Shared;
use crate::sleep::{Mode, Sleepers};
use crate::spin::Spin;
use crate::steal::{self, Private};
use crate::sync::{edge, heavy_fence, model_yield, yield_now};
use crate::wake;
use crate::word::Tier;
use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A thread that gave way and was away for so long: others ran, and for a while. A call to the system for nothing is over sooner.
const OTHERS_RAN: Duration = Duration::from_micros(20);

/// So many times in a row it was away for a moment only: the others have gone.
const OTHERS_RUN: u32 = 2;

/// What a thread of the pool looks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Foreground, and background under the cap.
    Worker,
    /// Background only, on a thread of its own.
    Dedicated,
}

/// The whole life of a pool's thread.
pub(crate) fn run(pool: &Arc<Shared>, seat: u32, role: Role) {
    let me = pool.seat(seat);
    current::become_worker(me);
    let config = &pool.config;
    let handle = |handler: &Option<crate::config::IndexHandler>| {
        if let (Some(handler), Role::Worker) = (handler, role) {
            // A handler is the user's code; the panic hook reports its panic, and the worker goes on.
            drop_quietly(catch(|| handler(me.worker as usize)));
        }
    };
    handle(&config.start_handler);
    let worker = Worker::new(pool, me, role);
    worker.work_until_closed();
    handle(&config.exit_handler);
}

struct Worker<'a> {
    pool: &'a Shared,
    me: &'a Seat,
    role: Role,
    /// So many more times it expects that others have the processor for a while when it gives way.
    others_run: Cell<u32>,
}

impl<'a> Worker<'a> {
    fn new(pool: &'a Shared, me: &'a Seat, role: Role) -> Self {
        Self { pool, me, role, others_run: Cell::new(0) }
    }

    fn sleepers(&self) -> &Sleepers {
        match self.role {
            Role::Worker => &self.pool.sleepers,
            Role::Dedicated => &self.pool.dedicated_sleepers,
        }
    }

    fn work_until_closed(&self) {
        self.sleepers().start_searching();
        let mut spin = Spin::new(self.me);
        loop {
            if self.run_something(spin.private()) {
                spin.worked();
                continue;
            }
            if self.pool.is_closing() && self.nothing_left() && self.me.mailbox.close() {
                break;
            }
            if self.me.worth.has_spared() {
                spin.again();
                if self.pool.config.crowded {
                    self.give_way();
                }
            }
            if spin.once(|| self.give_way()) {
                continue;
            }
            if self.pool.kept_awake() && self.role == Role::Worker {
                model_yield();
            } else {
                self.sleep(&mut spin);
            }
        }
        self.sleepers().stop_searching();
    }

    /// A closed pool's queue is run to its end before its threads go: by those who may, who come by here again after each task.
    /// The others would spin until the end of it.
    fn nothing_left(&self) -> bool {
        !self.may_background() || self.pool.background.is_empty()
    }

    /// Finds work and runs it; searching again when it returns `true`.
    fn run_something(&self, private: Private) -> bool {
        if broadcast::has_mail(self.me) {
            // A letter is work like any other: while it runs, nobody may rely on this worker's search.
            self.found();
            let read = broadcast::read_mail(self.me, None);
            self.sleepers().start_searching();
            if read {
                return true;
            }
        }
        if self.role == Role::Worker
            && let Some(claimed) = steal::take_what_is_worth_it(self.me, private, || self.may_leave_jobs())
        {
            self.found();
            claimed.run(self.me);
            self.sleepers().start_searching();
            return true;
        }
        if self.role == Role::Worker
            && let Some(task) = run_unit::next_promoted(self.pool)
        {
            self.found();
            let mut next = Some(task);
            // One after another, as in `run_background`.
            while let Some(task) = next {
                run_unit::run_claimed(self.me, &task, Tier::Foreground, run_unit::Belongs::Pool);
                drop(task);
                let before = steal::peek(self.me, Tier::Foreground).is_some() || broadcast::has_mail(self.me);
                next = if before { None } else { run_unit::next_promoted(self.pool) };
            }
            self.sleepers().start_searching();
            return true;
        }
        // Patience is for work in the foreground only: what is left to its owner comes before the background all the same.
        let leaves = private == Private::Leave || self.me.worth.is_doubtful();
        if self.role == Role::Worker && leaves && steal::peek(self.me, Tier::Foreground).is_some() {
            return false;
        }
        self.run_background(private)
    }

    /// Whether it may leave jobs in the foreground to their owners: it goes on searching then, and no push wakes another worker, so not while
    /// there is background work; nor where it would go to sleep at once.
    fn may_leave_jobs(&self) -> bool {
        !self.pool.config.spin.least.is_zero() && !self.any_background()
    }

    fn any_background(&self) -> bool {
        self.may_background() && (!self.pool.background.is_empty() || steal::peek(self.me, Tier::Background).is_some())
    }

    fn run_background(&self, private: Private) -> bool {
        let background = &self.pool.background;
        let place = match self.role {
            Role::Dedicated => None,
            Role::Worker => match background.take_place() {
                Some(place) => Some(place),
                None => return false,
            },
        };
        // What a started task offers comes before a new task.
        if let Some(claimed) = steal::take_any(self.me, Tier::Background, private) {
            self.found();
            claimed.run(self.me);
        } else {
            let mut next = run_unit::next_queued(background);
            if next.is_none() {
                return false;
            }
            self.found();
            // One after another: to search between two of them would cost as much as a small one.
            while let Some(task) = next {
                run_unit::run_claimed(self.me, &task, Tier::Background, run_unit::Belongs::Pool);
                drop(task);
                next = if self.anything_before_a_task() { None } else { run_unit::next_queued(background) };
            }
        }
        drop(place);
        edge("a place given back, not searching");
        self.sleepers().start_searching();
        true
    }

    /// What comes before a new background task. Nobody relies on this look: a search follows.
    fn anything_before_a_task(&self) -> bool {
        let offered = match self.role {
            Role::Worker => steal::is_anything_offered(self.me) || self.pool.background.has_promoted(),
            Role::Dedicated => steal::peek(self.me, Tier::Background).is_some(),
        };
        offered || broadcast::has_mail(self.me)
    }

    /// F2, F3.
    fn found(&self) {
        edge("F1");
        if self.sleepers().stop_searching() {
            edge("F2");
            wake::pass_on(self.me, self.may_background());
        }
    }

    fn may_background(&self) -> bool {
        self.role == Role::Dedicated || self.pool.background.has_room()
    }

    /// Lets others have the processor, if they want it. They may have it for milliseconds; so if they had it the last time, this worker isn't
    /// counted as searching meanwhile, unless it sees something to take: owners would offer it job after job, and rely on one that doesn't
    /// run. When it is back it looks at all that lies there.
    fn give_way(&self) {
        if !self.pool.config.crowded {
            // Others are those of other programs, and seldom there.
            return yield_now();
        }
        // To look first is cheaper than to stop, and to find out then.
        let uncounted = self.others_run.get() > 0 && !self.anything_to_take() && self.stops_for_now();
        let before = Instant::now();
        yield_now();
        let ran = before.elapsed() >= OTHERS_RAN;
        self.others_run.set(if ran { OTHERS_RUN } else { self.others_run.get().saturating_sub(1) });
        if uncounted {
            self.sleepers().start_searching();
        }
    }

    /// F2 and F3 of one who has found nothing, and will be back: whether it isn't counted as searching any more. `false`: somebody relied on
    /// it, and there is something to find.
    fn stops_for_now(&self) -> bool {
        if self.sleepers().stop_searching() {
            edge("F2 for now");
            if self.anything_to_take() {
                self.sleepers().start_searching();
                return false;
            }
        }
        true
    }

    /// I1 to I5. Returns searching.
    fn sleep(&self, spin: &mut Spin<'_>) {
        let sleepers = self.sleepers();
        let sleeper = &self.me.sleeper;
        sleeper.announce_idle(sleepers);
        edge("I2");
        // Ordering: after both. A push that saw neither the announcement nor the end of the search is seen below.
        heavy_fence();
        edge("I3");
        if self.anything_to_do() {
            // Whoever wins the exchange counts us as searching again.
            sleeper.retract(sleepers, Mode::Idle);
            spin.again();
        } else {
            edge("I4");
            sleeper.block();
            spin.slept();
        }
    }

    /// I4.
    fn anything_to_do(&self) -> bool {
        let awake = self.role == Role::Worker && self.pool.kept_awake();
        self.anything_to_take() || self.pool.is_closing() || awake
    }

    fn anything_to_take(&self) -> bool {
        let foreground = self.role == Role::Worker
            && (steal::peek(self.me, Tier::Foreground).is_some() || self.pool.background.has_promoted());
        foreground || self.any_background() || broadcast::has_mail(self.me)
    }
}

#[cfg(all(loom, test))]
mod loom_models;

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::join::join_on;
    use crate::shared::without_threads;

    /// Whoever gives way is counted as before when it is back, whether it was counted meanwhile or saw that it had better be.
    #[test]
    fn whoever_gives_way_searches_afterwards() {
        let shared = without_threads(0, true);
        let (me, owner, sleeper) = (shared.take_seat(), shared.take_seat(), shared.take_seat());
        let worker = Worker::new(&shared, me, Role::Worker);
        let sleepers = worker.sleepers();
        let gives_way = || {
            for others_run in [0, 1, OTHERS_RUN] {
                worker.others_run.set(others_run);
                worker.give_way();
                assert!(
                    worker.others_run.get() == others_run.saturating_sub(1) || worker.others_run.get() == OTHERS_RUN
                );
                assert_eq!(sleepers.counts().searching(), 1);
            }
        };
        sleepers.start_searching();
        gives_way();
        sleepers.start_searching();
        sleeper.sleeper.announce_idle(sleepers);
        gives_way();
        join_on(owner, gives_way, || ());
        assert_eq!(sleepers.counts().idle(), 1, "nobody is woken for what it sees");
        sleeper.sleeper.retract(sleepers, Mode::Idle);
        (0..2).for_each(|_| _ = sleepers.stop_searching());
        assert!(sleepers.counts().none() && sleepers.counts().searching() == 0);
        [me, owner, sleeper].into_iter().for_each(|seat| shared.give_back(seat));
    }
}
