//! Models of jobs that are cheap to push: private and quiet ones, what thieves make of the slot above, and offers.

use crate::loom_support::{Frame, Start, explore, increments, make_quiet, push_private, shared};
use crate::seat::Pushed;
use crate::shared::Shared;
use crate::slot::Work;
use crate::steal::{Private, is_anything_offered, take_any};
use crate::word::{Kind, Tier};
use std::sync::Arc;

/// A seat whose owner pushes Private jobs, and others that take them.
struct PrivateJobs {
    pool: Arc<Shared>,
    start: Start,
    frames: Arc<[Frame; 2]>,
}

impl PrivateJobs {
    fn new(thieves: usize) -> Self {
        let frames = Arc::new([Frame::new(0), Frame::new(0)]);
        Self { pool: shared(1 + thieves, 1), start: Start::new(), frames }
    }

    /// Thief `index` takes one job, if it gets one.
    fn thief(&self, index: u32) -> loom::thread::JoinHandle<bool> {
        let (pool, frames) = (self.pool.clone(), self.frames.clone());
        self.start.spawn(move || {
            let seat = pool.seat(index);
            let found = take_any(seat, Tier::Foreground, Private::Ask);
            let any = found.is_some();
            if let Some(claimed) = found {
                claimed.run(seat);
            }
            drop(frames);
            any
        })
    }

    fn push(&self, frame: usize) -> Pushed<'_> {
        // The owner's own: a thief that comes too late, or a job that is run twice, races with it.
        self.frames[frame].write(0);
        self.pool.seat(0).push(increments(&self.frames[frame]), Kind::Private)
    }

    /// Takes the job back, or waits until its thief has ended. Whether the owner had it.
    fn settle(&self, pushed: &Pushed<'_>, frame: usize) -> bool {
        let me = self.pool.seat(0);
        let ours = me.reclaim(pushed.slot);
        if ours {
            self.frames[frame].write(1);
        } else {
            // What the owner helps with meanwhile is pushed above.
            assert_eq!(me.top(), pushed.position() + 1);
            self.frames[frame].await_end();
            pushed.slot.empty(pushed.word);
            me.popped(pushed.slot);
        }
        assert_eq!(self.frames[frame].read(), 1);
        ours
    }
}

// Goes red without the fence of either side (`reclaim`, `Slot::ask`), if `reclaim` looks before it pops, or if `ask` doesn't
// look at the top.
#[test]
fn private_job_is_run_once() {
    explore(None, || {
        let jobs = PrivateJobs::new(1);
        let thief = jobs.thief(1);
        jobs.start.go();
        let pushed = jobs.push(0);
        let ours = jobs.settle(&pushed, 0);
        assert_eq!(thief.join().unwrap(), !ours);
    });
}

// The slot holds another job a moment later. Goes red if the second step of a claim compares kinds only. (Not if `push_with`
// stores the top Relaxed, which would let a claim come before an older store in the order of the word: the model checker keeps
// exchanges in the order in which it runs them.)
#[test]
fn private_job_is_not_taken_for_the_next_one_in_its_slot() {
    explore(Some(4), || {
        let jobs = PrivateJobs::new(1);
        let thief = jobs.thief(1);
        jobs.start.go();
        let first = jobs.settle(&jobs.push(0), 0);
        let second = jobs.settle(&jobs.push(1), 1);
        assert_eq!(u32::from(thief.join().unwrap()), u32::from(!first) + u32::from(!second));
    });
}

// Goes red if `reclaim_loudly` doesn't put the top back.
#[test]
fn private_jobs_on_one_stack_are_each_run_once() {
    explore(Some(3), || {
        let jobs = PrivateJobs::new(1);
        let thief = jobs.thief(1);
        jobs.start.go();
        let (low, high) = (jobs.push(0), jobs.push(1));
        let high = jobs.settle(&high, 1);
        let low = jobs.settle(&low, 0);
        assert_eq!(u32::from(thief.join().unwrap()), u32::from(!low) + u32::from(!high));
    });
}

// One thief backs off while the other asks. Goes red if a claim overwrites.
#[test]
fn private_job_is_run_once_with_two_thieves() {
    explore(Some(2), || {
        let jobs = PrivateJobs::new(2);
        let thieves = [jobs.thief(1), jobs.thief(2)];
        jobs.start.go();
        let first = jobs.settle(&jobs.push(0), 0);
        let second = jobs.settle(&jobs.push(1), 1);
        let stolen: u32 = thieves.into_iter().map(|thief| u32::from(thief.join().unwrap())).sum();
        assert_eq!(stolen, u32::from(!first) + u32::from(!second));
        assert!(take_any(jobs.pool.seat(1), Tier::Foreground, Private::Ask).is_none(), "nothing is left");
    });
}

/// Jobs that are pushed without a new word, above an entry that has nothing to take.
struct QuietJobs(PrivateJobs);

impl QuietJobs {
    fn new(thieves: usize) -> Self {
        let jobs = PrivateJobs::new(thieves);
        make_quiet(jobs.pool.seat(0));
        Self(jobs)
    }

    fn push(&self, frame: usize) -> Pushed<'_> {
        let Self(jobs) = self;
        jobs.frames[frame].write(0);
        push_private(jobs.pool.seat(0), increments(&jobs.frames[frame]))
    }
}

// Goes red without the fence of either side (`reclaim`, `Slot::ask`), if `raise_to` is Relaxed, or if a search takes the word that is
// left above the top for work.
#[test]
fn quiet_job_is_run_once() {
    explore(None, || {
        let quiet = QuietJobs::new(1);
        let jobs = &quiet.0;
        let thief = jobs.thief(1);
        jobs.start.go();
        let ours = jobs.settle(&quiet.push(0), 0);
        assert_eq!(thief.join().unwrap(), !ours);
        assert!(!is_anything_offered(jobs.pool.seat(1)), "a worker that looks here never sleeps");
    });
}

// Two under the same word: the thief gets the one that lies there when it looks at the top. Goes red if the claim doesn't look at
// the top, or if the owner takes a job back without looking at the word.
#[test]
fn quiet_jobs_that_follow_one_another_are_each_run_once() {
    explore(Some(4), || {
        let quiet = QuietJobs::new(1);
        let jobs = &quiet.0;
        let thief = jobs.thief(1);
        jobs.start.go();
        let first = jobs.settle(&quiet.push(0), 0);
        let second = jobs.settle(&quiet.push(1), 1);
        assert_eq!(u32::from(thief.join().unwrap()), u32::from(!first) + u32::from(!second));
    });
}

// Goes red if a quiet push overlooks that a thief asks.
#[test]
fn quiet_jobs_are_each_run_once_with_two_thieves() {
    explore(Some(2), || {
        let quiet = QuietJobs::new(2);
        let jobs = &quiet.0;
        let thieves = [jobs.thief(1), jobs.thief(2)];
        jobs.start.go();
        let first = jobs.settle(&quiet.push(0), 0);
        let second = jobs.settle(&quiet.push(1), 1);
        let stolen: u32 = thieves.into_iter().map(|thief| u32::from(thief.join().unwrap())).sum();
        assert_eq!(stolen, u32::from(!first) + u32::from(!second));
    });
}

// Goes red if `offer` stores: then a thief that asks loses the job to itself.
#[test]
fn quiet_job_that_is_offered_is_run_once() {
    explore(Some(4), || {
        let quiet = QuietJobs::new(1);
        let jobs = &quiet.0;
        let thief = jobs.thief(1);
        jobs.start.go();
        let first = jobs.settle(&quiet.push(0), 0);
        let pushed = quiet.push(1);
        pushed.slot.offer(pushed.word);
        let second = jobs.settle(&pushed, 1);
        assert_eq!(u32::from(thief.join().unwrap()), u32::from(!first) + u32::from(!second));
    });
}

// Goes red if a push of another kind keeps the generation that the quiet one had, or if `ask` puts `Private` back whatever lies there
// now.
#[test]
fn quiet_job_is_not_taken_for_an_entry_in_its_slot() {
    explore(None, || {
        let quiet = QuietJobs::new(1);
        let jobs = &quiet.0;
        let thief = jobs.thief(1);
        jobs.start.go();
        let ours = jobs.settle(&quiet.push(0), 0);
        let me = jobs.pool.seat(0);
        let entry = me.push(Work::NOTHING, Kind::Open);
        entry.slot.close();
        assert_eq!(entry.slot.load().kind(), Kind::Closed);
        assert_eq!(entry.slot.load().inside(), 0, "nothing was available");
        assert_eq!(thief.join().unwrap(), !ours);
        assert_eq!(entry.slot.load().kind(), Kind::Closed, "the thief stepped back into what isn't its own");
    });
}

// A thief that takes the lower job makes the slot above it loud, whatever happens there meanwhile: here the upper job is taken back, and
// an entry opened. Goes red if `make_loud` stores.
#[test]
fn loud_slot_keeps_what_its_owner_does_there() {
    explore(None, || {
        let quiet = QuietJobs::new(1);
        let jobs = &quiet.0;
        let me = jobs.pool.seat(0);
        let low = quiet.push(0);
        let high = me.push(increments(&jobs.frames[1]), Kind::Private);
        let thief = jobs.thief(1);
        jobs.start.go();
        jobs.settle(&high, 1);
        let entry = me.push(Work::NOTHING, Kind::Open);
        entry.slot.close();
        thief.join().unwrap();
        assert_eq!(entry.slot.load().kind(), Kind::Closed);
        entry.slot.empty(entry.word);
        me.popped(entry.slot);
        jobs.settle(&low, 0);
    });
}

// The same while another thief asks for the upper job, and the owner pushes there again. Goes red as above.
#[test]
fn loud_slot_keeps_what_another_thief_does_there() {
    explore(Some(3), || {
        let quiet = QuietJobs::new(2);
        let jobs = &quiet.0;
        let first = quiet.push(0);
        let thief = jobs.thief(1);
        let pool = jobs.pool.clone();
        // The last step of a thief that has taken what lies below.
        let other = jobs.start.spawn(move || pool.seat(0).slot(1).unwrap().make_loud());
        jobs.start.go();
        let first = jobs.settle(&first, 0);
        let second = jobs.settle(&quiet.push(1), 1);
        other.join().unwrap();
        assert_eq!(u32::from(thief.join().unwrap()), u32::from(!first) + u32::from(!second));
    });
}

// What is the oldest from now on becomes cheap to take: Ready at its owner's next push, and offered to one who searches before what is
// newer. Goes red if `make_loud` changes nothing, or if `offer` begins at the top.
#[test]
fn loud_slot_and_offer_make_the_oldest_ready() {
    explore(None, || {
        let quiet = QuietJobs::new(1);
        let jobs = &quiet.0;
        let me = jobs.pool.seat(0);
        let (low, high) = (quiet.push(0), me.push(Work::NOTHING, Kind::Private));
        me.offer(1);
        assert_eq!((low.slot.load().kind(), high.slot.load().kind()), (Kind::Ready, Kind::Private));
        let claimed = take_any(jobs.pool.seat(1), Tier::Foreground, Private::Leave).expect("it is offered");
        assert!(me.reclaim(high.slot));
        assert!(me.push_quietly(Work::NOTHING).is_none());
        let high = me.publish_job(Work::NOTHING);
        assert_eq!(high.word.kind(), Kind::Ready);
        assert!(me.reclaim(high.slot));
        claimed.run(jobs.pool.seat(1));
        assert!(!jobs.settle(&low, 0));
    });
}

// The owner offers the oldest of its jobs instead of the newest, while a thief asks. Goes red if it offers what lies above its top, or
// if the offer stores.
#[test]
fn offer_of_the_oldest_job() {
    explore(Some(3), || {
        let quiet = QuietJobs::new(1);
        let jobs = &quiet.0;
        let me = jobs.pool.seat(0);
        // Leaves a word above both.
        let (low, high) = (quiet.push(0), me.push(Work::NOTHING, Kind::Private));
        assert!(me.reclaim(high.slot));
        let thief = jobs.thief(1);
        jobs.start.go();
        me.offer(2);
        let first = jobs.settle(&low, 0);
        assert_eq!(thief.join().unwrap(), !first);
    });
}

// Two jobs on a stack and two thieves, who may both ask for the same one, or step on each other's heels. Goes red as the models
// of one thief do.
#[test]
fn private_jobs_on_one_stack_with_two_thieves() {
    explore(Some(2), || {
        let jobs = PrivateJobs::new(2);
        let thieves = [jobs.thief(1), jobs.thief(2)];
        jobs.start.go();
        let (low, high) = (jobs.push(0), jobs.push(1));
        let high = jobs.settle(&high, 1);
        let low = jobs.settle(&low, 0);
        let stolen: u32 = thieves.into_iter().map(|thief| u32::from(thief.join().unwrap())).sum();
        assert_eq!(stolen, u32::from(!low) + u32::from(!high));
    });
}
