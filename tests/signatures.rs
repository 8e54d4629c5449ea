//! The public names with the types and bounds that users write against: a change of any of them doesn't compile here.

#![allow(clippy::type_complexity)]

use micropool::iter::GenericThreadPool;
use micropool::{
    AwakeGuard, BuildError, JoinAll, Scope, ScopedTask, SharedTask, Split, Task, ThreadPool, ThreadPoolBuilder,
    WorkerThread,
};
use std::any::Any;
use std::cell::Cell;
use std::fmt::Debug;
use std::future::{Future, IntoFuture};
use std::io;
use std::ops::Range;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

/// Neither `Sync` nor `Debug`.
#[derive(Default)]
struct Plain(Cell<u8>);

#[test]
fn types_go_where_they_must() {
    fn anywhere<T: Send + Debug + 'static>() {}
    fn shared<T: Send + Sync + Debug + 'static>() {}
    anywhere::<Task<Plain>>();
    anywhere::<ScopedTask<'static, Plain>>();
    anywhere::<AwakeGuard>();
    anywhere::<WorkerThread>();
    shared::<SharedTask<u8>>();
    shared::<Split<'static>>();
    shared::<ThreadPool>();
    shared::<Scope<'static, 'static>>();
    fn unpin<T: Unpin>() {}
    unpin::<Task<Plain>>();
    fn clone<T: Clone>() {}
    clone::<SharedTask<Plain>>();
    fn copy<T: Copy + GenericThreadPool>() {}
    copy::<Split<'static>>();
    fn default<T: Default + Debug>() {}
    default::<ThreadPoolBuilder>();
    fn error<T: std::error::Error + Send + Sync + 'static>() {}
    error::<BuildError>();
}

#[test]
fn functions_have_their_types() {
    let _: [fn() -> bool; 2] = [micropool::yield_to_foreground, micropool::cancelled];
    let _: fn() -> usize = micropool::num_threads;
    let _: fn() -> Option<usize> = micropool::current_thread_index;
    let _: fn(Duration) -> usize = micropool::help_background;
    let _: fn() -> AwakeGuard = micropool::keep_awake;
    let _: [fn() -> Split<'static>; 2] = [micropool::split_by_threads, micropool::split_per_item];
    let _: [fn(usize) -> Split<'static>; 2] = [micropool::split_by, micropool::split_per];
}

#[test]
fn methods_have_their_types() {
    let _: fn(&ThreadPool) -> usize = ThreadPool::num_threads;
    let _: fn(&ThreadPool) -> AwakeGuard = ThreadPool::keep_awake;
    let _: fn(&ThreadPool) = ThreadPool::wait_idle;
    let _: [for<'a> fn(&'a ThreadPool) -> Split<'a>; 2] = [ThreadPool::split_by_threads, ThreadPool::split_per_item];
    let _: [for<'a> fn(&'a ThreadPool, usize) -> Split<'a>; 2] = [ThreadPool::split_by, ThreadPool::split_per];

    type Built = ThreadPoolBuilder;
    let _: fn() -> Built = Built::new;
    let _: [fn(Built, usize) -> Built; 4] =
        [Built::num_threads, Built::background_threads, Built::dedicated_background_threads, Built::stack_size];
    let _: fn(Built, Duration) -> Built = Built::spin_before_sleep;
    let _: fn(Built, bool) -> Built = Built::pin_workers;
    let _: fn(Built) -> Result<ThreadPool, BuildError> = Built::build;
    let _: fn(Built) -> Result<(), BuildError> = Built::build_global;

    let _: fn(WorkerThread) = WorkerThread::run;
    let _: fn(&WorkerThread) -> usize = WorkerThread::index;
    let _: fn(&WorkerThread) -> Option<&str> = WorkerThread::name;
    let _: fn(&WorkerThread) -> Option<usize> = WorkerThread::stack_size;

    type One = Task<Plain>;
    let _: fn(&One) -> bool = One::complete;
    let _: fn(One) -> Plain = One::join;
    let _: fn(One) -> Result<Plain, One> = One::try_join;
    let _: fn(One) -> thread::Result<Plain> = One::outcome;
    let _: fn(&One) = One::help;
    let _: fn(One) -> bool = One::cancel;
    let _: fn(One) = One::detach;
    let _: fn(Task<u8>) -> SharedTask<u8> = Task::share;

    type Many = SharedTask<u8>;
    let _: fn(&Many) -> bool = Many::complete;
    let _: fn(&Many) -> &u8 = Many::join;
    let _: fn(&Many) -> Option<&u8> = Many::try_join;
    let _: fn(&Many) = Many::help;

    type Item = ScopedTask<'static, Plain>;
    let _: fn(&Item) -> bool = Item::complete;
    let _: fn(Item) -> Plain = Item::join;
    let _: fn(Item) -> thread::Result<Plain> = Item::outcome;
}

/// Each is callable under the bounds of the contract, and asks for no more.
#[allow(dead_code)]
mod bounds {
    use super::*;

    fn join<A, B, RA, RB>(pool: &ThreadPool, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce() -> RA + Send + Copy,
        B: FnOnce() -> RB + Send + Copy,
        RA: Send,
        RB: Send,
    {
        micropool::join(a, b);
        pool.join(a, b)
    }

    fn join_all<J: JoinAll + Clone>(pool: &ThreadPool, jobs: J) -> J::Output {
        micropool::join_all(jobs.clone());
        pool.join_all(jobs)
    }

    fn scope<'env, F, R>(f: F) -> R
    where
        F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    {
        micropool::scope(f)
    }

    fn pool_scope<'env, F, R>(pool: &ThreadPool, f: F) -> R
    where
        F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    {
        pool.scope(f)
    }

    fn item<'scope, 'env, F, T>(scope: &'scope Scope<'scope, 'env>, f: F) -> ScopedTask<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        scope.spawn(f)
    }

    fn spawn<F, T>(pool: &ThreadPool, f: F) -> [Task<T>; 2]
    where
        F: FnOnce() -> T + Send + Copy + 'static,
        T: Send + 'static,
    {
        [micropool::spawn(f), pool.spawn(f)]
    }

    fn spawn_shared<F, T>(pool: &ThreadPool, f: F) -> [SharedTask<T>; 2]
    where
        F: FnOnce() -> T + Send + Copy + 'static,
        T: Send + Sync + 'static,
    {
        [micropool::spawn_shared(f), pool.spawn_shared(f)]
    }

    fn then<T: Send + 'static, U: Send + 'static>(task: Task<T>, f: impl FnOnce(T) -> U + Send + 'static) -> Task<U> {
        task.then(f)
    }

    fn future<T>(task: Task<T>) -> impl Future<Output = T> {
        task
    }

    fn shared_future<T>(task: &SharedTask<T>) -> impl Future<Output = &T> {
        task.into_future()
    }

    fn install<R>(pool: &ThreadPool, f: impl FnOnce() -> R) -> R {
        pool.install(f)
    }

    fn loops<T: Send>(
        split: Split<'_>,
        len: usize,
        each: impl Fn(Range<usize>) + Sync,
        map: impl Fn(Range<usize>) -> T + Sync,
        reduce: impl Fn(T, T) -> T,
    ) -> Option<T> {
        split.for_each_range(len, each);
        split.reduce_ranges(len, map, reduce)
    }

    fn broadcast(f: impl Fn(usize) + Sync) {
        micropool::broadcast(f);
    }

    fn handlers(
        builder: ThreadPoolBuilder,
        name: impl Fn(usize) -> String + Send + Sync + 'static,
        start: impl Fn(usize) + Send + Sync + 'static,
        exit: impl Fn(usize) + Send + Sync + 'static,
        panicked: impl Fn(Box<dyn Any + Send>) + Send + Sync + 'static,
        spawn: impl FnMut(WorkerThread) -> io::Result<()> + 'static,
    ) -> ThreadPoolBuilder {
        let builder = builder.thread_name(name).start_handler(start).exit_handler(exit);
        builder.panic_handler(panicked).spawn_handler(spawn)
    }
}

#[test]
fn what_stays_on_the_caller_need_not_be_send() {
    let (here, pool) = (Rc::new(5), ThreadPoolBuilder::new().num_threads(1).build().unwrap());
    assert_eq!(*pool.install(|| here.clone()), 5);
    assert_eq!(*micropool::scope(|_| here.clone()), 5);
    let calls = Cell::new(0);
    let count = |a: usize, b: usize| {
        calls.set(calls.get() + 1);
        a + b
    };
    assert_eq!(pool.split_by(4).reduce_ranges(16, |range| range.len(), count), Some(16));
    assert!(calls.get() <= 3);
}

#[test]
fn results_need_not_be_sync() {
    let plain = |n| move || Plain(Cell::new(n));
    let (a, b) = micropool::join(plain(1), plain(2));
    let [c, d] = micropool::join_all([plain(3), plain(4)]);
    let e = micropool::spawn(plain(5)).then(|plain| plain).join();
    let f = micropool::scope(|s| s.spawn(plain(6)).join());
    let g = micropool::split_by(2).reduce_ranges(2, |_| Plain(Cell::new(7)), |a, _| a).unwrap();
    assert_eq!([a, b, c, d, e, f, g].map(|plain| plain.0.get()), [1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn join_all_takes_0_to_12_closures_arrays_and_lists() {
    macro_rules! tuples {
        ($($value:literal)*) => { tuples!([] $($value)*) };
        ([$($taken:literal)*]) => { assert_eq!(micropool::join_all(($(|| $taken,)*)), ($($taken,)*)); };
        ([$($taken:literal)*] $next:literal $($rest:literal)*) => {
            assert_eq!(micropool::join_all(($(|| $taken,)*)), ($($taken,)*));
            tuples!([$($taken)* $next] $($rest)*)
        };
    }
    tuples!(1 "b" 3.0 '4' 5_u8 true 7 "h" 9 10_u64 11 12);
    let none: [fn() -> u8; 0] = [];
    assert_eq!(micropool::join_all(none), [0_u8; 0]);
    assert_eq!(micropool::join_all([2, 3].map(|n| move || n)), [2, 3]);
    let boxed: Vec<Box<dyn FnOnce() -> usize + Send>> = (0..20_usize).map(|n| Box::new(move || n) as _).collect();
    assert_eq!(micropool::join_all(boxed), (0..20).collect::<Vec<_>>());
}
