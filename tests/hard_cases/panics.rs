//! Panics: 1 to 6; and early exits, which stop a loop as a panic does.

use crate::{Counted, LIMIT, Payload, counter, number, on_pools, payload, pool, watched};
use micropool::iter::*;
use micropool::{Task, ThreadPoolBuilder};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use support::eventually;

#[test]
fn case_01_a_panic_in_a_in_b_in_both_of_a_join() {
    // `stolen`: the first half waits until the second has begun elsewhere.
    fn join(pool: &micropool::ThreadPool, stolen: bool, a: bool, b: bool) -> u32 {
        let (begun, ended) = (AtomicBool::new(false), AtomicUsize::new(0));
        let first = || {
            assert!(!stolen || eventually(LIMIT, || begun.load(Ordering::Acquire)));
            ended.fetch_add(1, Ordering::AcqRel);
            if a {
                panic_any(Payload(1));
            }
        };
        let second = || {
            begun.store(true, Ordering::Release);
            support::busy(std::time::Duration::from_micros(50));
            ended.fetch_add(1, Ordering::AcqRel);
            if b {
                panic_any(Payload(2));
            }
        };
        let number = payload(|| pool.join(first, second));
        assert_eq!(ended.into_inner(), 2, "both halves end before the panic goes on");
        number
    }
    on_pools(|pool| {
        for stolen in [false, pool.num_threads() > 0] {
            assert_eq!(join(pool, stolen, true, false), 1);
            assert_eq!(join(pool, stolen, false, true), 2);
            assert_eq!(join(pool, stolen, true, true), 1);
        }
    });
}

#[test]
fn case_02_a_panic_in_a_task_reaches_its_join() {
    on_pools(|pool| {
        let workers = || {
            let ids = Mutex::new(BTreeMap::new());
            pool.install(|| micropool::broadcast(|k| _ = ids.lock().unwrap().insert(k, thread::current().id())));
            ids.into_inner().unwrap()
        };
        let before = workers();
        let (sender, receiver) = mpsc::channel();
        for n in 0..50 {
            let sender = sender.clone();
            let task: Task<()> = pool.spawn(move || {
                sender.send(thread::current().id()).unwrap();
                panic_any(Payload(n))
            });
            // A worker runs it, not this thread: but where there is none.
            let ran_on = receiver.recv_timeout(LIMIT).unwrap();
            if before.is_empty() {
                assert_eq!(ran_on, thread::current().id());
            } else {
                assert!(before.values().any(|&worker| worker == ran_on));
            }
            assert_eq!(payload(|| task.join()), n);
        }
        assert_eq!(workers(), before, "all workers live");
    });
}

#[test]
fn case_03_a_detached_panic_goes_to_the_handler() {
    watched(|| {
        for workers in [0, 1, 3] {
            let (sender, receiver) = mpsc::channel();
            let pool = ThreadPoolBuilder::new()
                .num_threads(workers)
                .panic_handler(move |payload| sender.send(number(payload)).unwrap())
                .build()
                .unwrap();
            pool.spawn(|| panic_any(Payload(1))).detach();
            pool.spawn(|| 0).then(|_| panic_any(Payload(2))).detach();
            drop(pool.spawn_shared(|| panic_any(Payload(3))));
            let mut heard: Vec<u32> = (0..3).map(|_| receiver.recv_timeout(LIMIT).unwrap()).collect();
            heard.sort_unstable();
            assert_eq!(heard, [1, 2, 3]);
            assert_eq!(pool.spawn(|| 4).join(), 4);
            drop(pool);
            assert!(receiver.recv().is_err(), "each is heard of once");
        }
    });
}

#[test]
fn case_03_without_a_handler_nothing_aborts() {
    if support::role().is_some() {
        for pool in [0, 1, 3].map(pool) {
            pool.spawn(|| panic!("nobody joins it")).detach();
            pool.wait_idle();
            pool.spawn(|| 0).then(|_| panic!("nobody joins what follows")).detach();
            pool.wait_idle();
            drop(pool.spawn_shared(|| panic!("nobody has a handle")));
            pool.wait_idle();
            assert_eq!(pool.spawn(|| 4).join(), 4);
            drop(pool);
        }
        std::process::exit(3);
    }
    watched(|| {
        let mut child = support::in_child("panics::case_03_without_a_handler_nothing_aborts", "no handler");
        let child = child.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let output = support::ended(child, LIMIT / 2);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        // What the panic hook does is all that is heard of them.
        for words in ["nobody joins it", "nobody joins what follows", "nobody has a handle"] {
            assert_eq!(said.matches(words).count(), 3, "once in each of three pools: {said}");
        }
    });
}

/// Counts its drop and then panics in it, with its name, unless the thread is unwinding already (two panics at once are the program's end).
struct Bomb(Arc<AtomicUsize>, &'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
        if !thread::panicking() {
            panic!("{}", self.1);
        }
    }
}

/// Each `Bomb`'s count of drops, by name.
#[derive(Default)]
struct Bombs(Mutex<Vec<(&'static str, Arc<AtomicUsize>)>>);

impl Bombs {
    fn make(&self, name: &'static str) -> Bomb {
        let count = counter();
        self.0.lock().unwrap().push((name, count.clone()));
        Bomb(count, name)
    }

    /// No bomb is alive, and how often each was dropped.
    fn drops(&self) -> Option<Vec<(&'static str, usize)>> {
        let bombs = self.0.lock().unwrap();
        let gone = bombs.iter().all(|(_, count)| Arc::strong_count(count) == 1);
        gone.then(|| bombs.iter().map(|(name, count)| (*name, count.load(Ordering::SeqCst))).collect())
    }
}

/// What the panic hook is told, in this process.
fn reports() -> Arc<Mutex<BTreeMap<String, usize>>> {
    let heard: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
    let hears = heard.clone();
    std::panic::set_hook(Box::new(move |info| {
        let payload = info.payload();
        let words = payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref::<&str>().copied());
        *hears.lock().unwrap().entry(words.unwrap_or("no words").to_owned()).or_default() += 1;
    }));
    heard
}

#[test]
fn case_04_panics_in_drops_and_in_handlers_are_contained() {
    if let Some(role) = support::role() {
        // The hook is the process's.
        return panics_in_drops_and_in_handlers(role.parse().unwrap());
    }
    watched(|| {
        for workers in ["0", "1", "3"] {
            let name = "panics::case_04_panics_in_drops_and_in_handlers_are_contained";
            let mut child = support::in_child(name, workers);
            let child = child.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            let output = support::ended(child, LIMIT / 4);
            assert!(output.status.success(), "{workers}: {}", String::from_utf8_lossy(&output.stderr));
        }
    });
}

fn panics_in_drops_and_in_handlers(workers: usize) {
    let (heard, bombs) = (reports(), Bombs::default());
    let pool = ThreadPoolBuilder::new()
        .num_threads(workers)
        .start_handler(|_| panic!("at the start"))
        .exit_handler(|_| panic!("at the end"))
        .panic_handler(|_payload| panic!("in the handler, with the payload in hand"))
        .build()
        .unwrap();
    let bomb = |name| bombs.make(name);
    let (result, capture, payload_of) = (bomb("a result"), bomb("a capture"), bomb("a payload"));
    let cancelled = bomb("a closure that was cancelled");

    // A result that nobody sees.
    pool.spawn(move || result).detach();
    // A capture: the task's own panic.
    let task = pool.spawn(move || drop(capture));
    assert!(task.outcome().is_err());
    // A payload that nobody sees.
    pool.spawn(move || panic_any(payload_of)).detach();
    // The closure of a task that was cancelled: it waits for one that can't end before.
    let gate = Arc::new(std::sync::Barrier::new(2));
    if workers > 0 {
        let other = gate.clone();
        let before = pool.spawn(move || {
            other.wait();
        });
        let after = before.then(move |()| drop(cancelled));
        assert!(after.cancel());
        gate.wait();
    } else {
        pool.spawn(move || cancelled).detach();
    }
    // The second payload of a join, the result of the half that didn't panic, the results of a scope and of a loop.
    let second = || panic_any(bomb("a second payload"));
    assert_eq!(payload(|| pool.join(|| panic_any(Payload(1)), second)), 1);
    assert_eq!(payload(|| pool.join(|| bomb("the first half's"), || -> Bomb { panic_any(Payload(2)) })), 2);
    assert_eq!(payload(|| pool.join(|| -> Bomb { panic_any(Payload(3)) }, || bomb("the second half's"))), 3);
    let items = || pool.scope(|s| drop((s.spawn(|| bomb("an item's")), s.spawn(|| panic_any(Payload(4))))));
    assert_eq!(payload(items), 4);
    let reduce =
        |range: std::ops::Range<usize>| if range.contains(&7) { panic_any(Payload(5)) } else { bomb("a chunk's") };
    assert_eq!(payload(|| pool.split_per_item().reduce_ranges(8, reduce, |a, _| a)), 5);
    pool.wait_idle();
    assert!(eventually(LIMIT / 8, || bombs.drops().is_some()), "a bomb wasn't dropped");
    let drops = bombs.drops().unwrap();
    assert!(drops.iter().all(|&(_, count)| count == 1), "each is dropped once: {drops:?}");
    // All workers are there still.
    let there = AtomicUsize::new(0);
    pool.install(|| {
        micropool::broadcast(|_| {
            there.fetch_add(1, Ordering::Relaxed);
        })
    });
    assert_eq!(there.into_inner(), workers);
    drop(pool);
    // Those that are missing here were dropped on a thread that was unwinding, and so had no panic.
    let heard = heard.lock().unwrap();
    let names = ["a result", "a capture", "a closure that was cancelled", "an item's"];
    let handlers =
        [("in the handler, with the payload in hand", 1), ("at the start", workers), ("at the end", workers)];
    for (words, count) in names.map(|name| (name, 1)).into_iter().chain(handlers) {
        assert_eq!(heard.get(words).copied().unwrap_or(0), count, "{words}: {heard:?}");
    }
}

#[test]
fn case_05_a_join_inside_a_drop_while_unwinding() {
    struct JoinsInDrop<'a>(&'a AtomicUsize);
    impl Drop for JoinsInDrop<'_> {
        fn drop(&mut self) {
            assert!(thread::panicking());
            let (a, b) = micropool::join(|| 1, || 2);
            let three = micropool::scope(|s| s.spawn(|| 3).join());
            let four = micropool::parallel! { one => 1, four(one) => one + 3 }.four;
            let ten = AtomicUsize::new(a + b + three + four);
            // A panic inside, caught inside.
            let inner = catch_unwind(|| micropool::join(|| panic_any(Payload(1)), || panic_any(Payload(2))));
            assert!(inner.is_err());
            micropool::split_per_item().for_each_range(90, |range| {
                ten.fetch_add(range.len(), Ordering::Relaxed);
            });
            self.0.fetch_add(ten.into_inner(), Ordering::Relaxed);
        }
    }
    on_pools(|pool| {
        let sum = AtomicUsize::new(0);
        let unwinds = |n| {
            let _guard = JoinsInDrop(&sum);
            panic_any(Payload(n))
        };
        assert_eq!(payload(|| pool.install(|| unwinds(1))), 1);
        assert_eq!(payload(|| pool.join(|| unwinds(1), || unwinds(2))), 1);
        assert_eq!(payload(|| pool.scope(|s| drop(s.spawn(|| unwinds(3))))), 3);
        assert_eq!(sum.into_inner(), 400);
    });
}

#[test]
fn case_06_an_iterator_item_that_panics() {
    on_pools(|pool| {
        const ITEMS: usize = 1000;
        for at in [0, 1, 500, ITEMS - 1] {
            let dropped: Vec<Arc<AtomicUsize>> = (0..ITEMS).map(|_| counter()).collect();
            let items: Vec<(usize, Counted)> = dropped.iter().cloned().map(Counted).enumerate().collect();
            let processed = AtomicUsize::new(0);
            let run = AssertUnwindSafe(|| {
                items.into_par_iter().with_thread_pool(pool.split_by_threads()).for_each(|(index, _item)| {
                    if index == at {
                        panic_any(Payload(at as u32));
                    }
                    processed.fetch_add(1, Ordering::Relaxed);
                });
            });
            assert_eq!(payload(run), at as u32);
            let drops: Vec<usize> = dropped.iter().map(|count| count.load(Ordering::SeqCst)).collect();
            assert!(drops.iter().all(|&drops| drops == 1), "every item is dropped once: {drops:?}");
            if pool.num_threads() == 0 {
                assert_eq!(processed.into_inner(), at, "nothing is begun after the panic");
            }
        }
    });
}

/// Runs a loop over owned items, as many threads at once as are asked for: each waits with its first item for the others, and then, unless that is
/// the first of all, until the thread with that one has given up its next. How many items the others have got through, which each is told of by
/// `visit` (`true`: the first of all).
fn got_through(threads: usize, run: impl FnOnce(Vec<(usize, Counted)>, &(dyn Fn(usize) -> bool + Sync))) -> usize {
    let dropped: Vec<Arc<AtomicUsize>> = (0..1000).map(|_| counter()).collect();
    let items = dropped.iter().cloned().map(Counted).enumerate().collect();
    let (begun, through) = (AtomicUsize::new(0), AtomicUsize::new(0));
    run(items, &|index| {
        begun.fetch_add(1, Ordering::AcqRel);
        assert!(eventually(LIMIT, || begun.load(Ordering::Acquire) >= threads), "{threads} threads begin");
        if index != 0 {
            assert!(eventually(LIMIT, || dropped[1].load(Ordering::Acquire) > 0), "the thread with item 0 ends");
            through.fetch_add(1, Ordering::Relaxed);
        }
        index == 0
    });
    let drops: Vec<usize> = dropped.iter().map(|count| count.load(Ordering::SeqCst)).collect();
    assert!(drops.iter().all(|&drops| drops == 1), "every item is dropped once: {drops:?}");
    through.into_inner()
}

#[test]
fn case_06_a_panicking_item_stops_its_siblings_at_their_next() {
    watched(|| {
        let pool = pool(3);
        for (split, threads) in [(pool.split_by(2), 2), (pool.split_by_threads(), 4), (pool.split_by(8), 4)] {
            let for_each = got_through(threads, |items, visit| {
                let run = || {
                    let items = items.into_par_iter().with_thread_pool(split);
                    items.for_each(|(index, _)| {
                        if visit(index) {
                            panic_any(Payload(6))
                        }
                    })
                };
                assert_eq!(payload(run), 6);
            });
            let sum = got_through(threads, |items, visit| {
                let items = items.into_par_iter().with_thread_pool(split);
                let one = |index| if visit(index) { panic_any(Payload(6)) } else { 1 };
                assert_eq!(payload(|| items.map(|(index, _)| one(index)).sum::<u32>()), 6);
            });
            let find_first = got_through(threads, |items, visit| {
                let items = items.into_par_iter().with_thread_pool(split);
                assert_eq!(payload(|| items.find_first(|(index, _)| visit(*index) && panic_any(Payload(6)))), 6);
            });
            assert_eq!([for_each, sum, find_first], [threads - 1; 3], "each sibling ends the item that it had begun");
        }
    });
}

#[test]
fn case_06_a_sum_of_plain_items_stops_after_its_block() {
    watched(|| {
        let (pool, share) = (pool(3), 100_000);
        // Two panic, so that one payload is dropped: by then the loop is stopped.
        let (begun, through, dropped) = (AtomicUsize::new(0), AtomicUsize::new(0), counter());
        let run = || {
            let items = (0..4 * share).into_par_iter().with_thread_pool(pool.split_by_threads());
            let item = |index: usize| {
                begun.fetch_add(1, Ordering::AcqRel);
                assert!(eventually(LIMIT, || begun.load(Ordering::Acquire) >= 4), "four threads begin");
                if index < 2 * share {
                    panic_any(Counted(dropped.clone()));
                }
                assert!(eventually(LIMIT, || dropped.load(Ordering::Acquire) > 0), "a payload is dropped");
                through.fetch_add(1, Ordering::Relaxed);
                index
            };
            items.map(item).sum::<usize>()
        };
        let payload = catch_unwind(AssertUnwindSafe(run)).expect_err("two items panic");
        assert!(payload.is::<Counted>());
        assert!(through.into_inner() <= 2 * 16, "the two others end their first blocks");
    });
}

#[test]
fn case_22_an_early_exit_stops_the_others_at_their_next_item() {
    watched(|| {
        let pool = pool(3);
        for (split, threads) in [(pool.split_by(2), 2), (pool.split_by_threads(), 4), (pool.split_by(8), 4)] {
            let any = got_through(threads, |items, visit| {
                assert!(items.into_par_iter().with_thread_pool(split).any(|(index, _)| visit(index)));
            });
            let find_any = got_through(threads, |items, visit| {
                let found = items.into_par_iter().with_thread_pool(split).find_any(|(index, _)| visit(*index));
                assert_eq!(found.map(|(index, _)| index), Some(0));
            });
            let find_first = got_through(threads, |items, visit| {
                let found = items.into_par_iter().with_thread_pool(split).find_first(|(index, _)| visit(*index));
                assert_eq!(found.map(|(index, _)| index), Some(0));
            });
            let try_for_each = got_through(threads, |items, visit| {
                let items = items.into_par_iter().with_thread_pool(split);
                let ended = items.try_for_each(|(index, _)| if visit(index) { Err(index) } else { Ok(()) });
                assert_eq!(ended, Err(0));
            });
            assert_eq!([any, find_any, find_first, try_for_each], [threads - 1; 4]);
        }
    });
}
