//! Guards, handles, pools and iterators that are forgotten: they cost a leak.

use super::*;

#[test]
fn forgotten_awake_guards_keep_workers_awake_and_nothing_else() {
    on_pools(|pool| {
        forget(pool.keep_awake());
        pool.install(|| forget(micropool::keep_awake()));
        assert_eq!(pool.join(|| 1, || 2), (1, 2));
        // The pool of this case is dropped with the guards still counted: its threads must end.
    });
}

#[test]
fn forgotten_tasks_run_and_their_results_leak() {
    on_pools(|pool| {
        let (ran, alive) = (Arc::new(AtomicUsize::new(0)), Arc::new(()));
        for _ in 0..100 {
            let (ran, alive) = (ran.clone(), alive.clone());
            forget(pool.spawn(move || {
                ran.fetch_add(1, Ordering::SeqCst);
                alive
            }));
        }
        pool.wait_idle();
        assert_eq!(ran.load(Ordering::SeqCst), 100);
        assert_eq!(Arc::strong_count(&alive), 101, "a result belongs to the handle");
        // A shared handle, a continuation, a handle inside of another task's result.
        forget(pool.spawn_shared(|| 1));
        forget(pool.spawn(|| 1).then(|n| n + 1));
        forget(pool.spawn(|| micropool::spawn(|| 2)));
        pool.wait_idle();
    });
}

#[test]
fn a_forgotten_pool_runs_on() {
    within(LIMIT, || {
        let pool = pool(2);
        let (sender, receiver) = mpsc::channel();
        for n in 0..50 {
            let sender = sender.clone();
            pool.spawn(move || sender.send(n).unwrap()).detach();
        }
        let task = pool.spawn(|| 5);
        forget(pool);
        assert_eq!((0..50).map(|_| receiver.recv_timeout(LIMIT).unwrap()).sum::<i32>(), 1225);
        assert_eq!(task.join(), 5);
    });
}

/// Whoever forgets a thread of a pool has said that it will run: the pool's end waits for that. One that is dropped has said that it won't.
#[test]
fn a_forgotten_worker_thread_is_waited_for_without_end() {
    const WAITS: i32 = 8;
    const ENDS: i32 = 9;
    let Some(role) = support::role() else {
        return within(LIMIT, || {
            let roles = [
                ("forgotten", WAITS),
                ("forgotten, then none", WAITS),
                ("dropped", ENDS),
                ("dropped, then none", ENDS),
            ];
            for (role, code) in roles {
                let mut child =
                    support::in_child("forgotten::a_forgotten_worker_thread_is_waited_for_without_end", role);
                let child = child.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
                let output = support::ended(child, LIMIT / 4);
                let said = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(code), "{role}: {said}");
            }
        });
    };
    let (is_forgotten, fails) = (role.starts_with("forgotten"), role.ends_with("none"));
    let (told, last_step) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let builder = ThreadPoolBuilder::new().num_threads(2).spawn_handler(move |worker| match worker.index() {
            1 if fails => Err(std::io::Error::other("no more")),
            _ if is_forgotten => {
                forget(worker);
                Ok(())
            }
            _ => Ok(()),
        });
        if fails {
            told.send(()).unwrap();
            return assert!(builder.build().is_err());
        }
        let pool = builder.build().unwrap();
        // Until then it is a pool that lacks its workers, and callers do the work.
        assert_eq!((pool.join(|| 1, || 2), pool.spawn(|| 3).join()), ((1, 2), 3));
        told.send(()).unwrap();
        drop(pool);
    });
    last_step.recv_timeout(LIMIT / 8).expect("what comes before waits for nobody");
    let patience = if is_forgotten { Duration::from_millis(300) } else { LIMIT / 8 };
    if eventually(patience, || thread.is_finished()) {
        thread.join().expect("it has ended well");
        std::process::exit(ENDS);
    }
    std::process::exit(WAITS);
}

/// One item of a loop: counts how often it was given out and how often it was dropped, and owns nothing.
struct Item<'a>(&'a (AtomicUsize, AtomicUsize), bool);

impl Drop for Item<'_> {
    fn drop(&mut self) {
        self.0.1.fetch_add(1, Ordering::SeqCst);
    }
}

/// Takes so many items of its iterator, and forgets that.
struct Forgets(usize);

impl<'a> Accumulator<Item<'a>, usize> for Forgets {
    fn accumulate(&self, mut iter: impl Iterator<Item = Item<'a>>) -> usize {
        let mut taken = 0;
        for item in iter.by_ref().take(self.0) {
            item.0.0.fetch_add(1, Ordering::SeqCst);
            taken += 1;
            if item.1 {
                resume_unwind(Box::new("as asked"));
            }
        }
        forget(iter);
        taken
    }
}

struct Sum;

impl ExactSizeAccumulator<usize, usize> for Sum {
    fn accumulate_exact(&self, iter: impl ExactSizeIterator<Item = usize>) -> usize {
        iter.sum()
    }
}

#[test]
fn an_iterator_that_its_accumulator_forgets_leaks_its_items_and_gives_none_twice() {
    const ITEMS: usize = 100;
    within(LIMIT, || {
        for (takes, panics) in [(0, false), (1, false), (7, false), (usize::MAX, false), (1, true), (7, true)] {
            support::under_every_split(|split| {
                let counts: Vec<(AtomicUsize, AtomicUsize)> = (0..ITEMS).map(|_| Default::default()).collect();
                let items: Vec<Item<'_>> =
                    counts.iter().enumerate().map(|(n, count)| Item(count, panics && n % 50 == 0)).collect();
                let run = || items.into_par_iter().with_thread_pool(split).iter_pipeline(Forgets(takes), Sum);
                let taken = catch_unwind(AssertUnwindSafe(run));
                let counts = counts.into_iter().map(|(given, dropped)| (given.into_inner(), dropped.into_inner()));
                let counts: Vec<_> = counts.collect();
                assert!(counts.iter().all(|&(given, dropped)| given <= 1 && dropped <= 1), "{counts:?}");
                assert!(
                    counts.iter().all(|&(given, dropped)| given <= dropped),
                    "what was taken is dropped: {counts:?}"
                );
                let given: usize = counts.iter().map(|(given, _)| given).sum();
                match taken {
                    Ok(taken) => assert_eq!(taken, given),
                    Err(payload) => assert!(panics && payload.is::<&str>()),
                }
                if takes == 0 {
                    assert!(counts.iter().all(|&(_, dropped)| dropped == 0), "nobody had them: {counts:?}");
                } else if takes == usize::MAX {
                    assert_eq!(given, ITEMS);
                }
            });
        }
    });
}

#[test]
fn a_forgotten_scoped_task_has_ended_when_the_scope_has() {
    on_pools(|pool| {
        for _ in 0..100 {
            let mut items = vec![String::from("a"), String::from("b"), String::from("c")];
            pool.scope(|s| {
                for item in &mut items {
                    // The result borrows from the frame, and stays in the forgotten handle's memory.
                    forget(s.spawn(|| {
                        item.push('!');
                        &**item
                    }));
                }
            });
            assert_eq!(items, ["a!", "b!", "c!"]);
            drop(items);
        }
    });
}

#[test]
fn a_scope_has_nothing_to_forget() {
    on_pools(|pool| {
        let mut data = [1, 2, 3];
        // Only a reference to the scope is ever lent, so forgetting it does nothing.
        pool.scope(|s: &Scope<'_, '_>| {
            s.spawn(|| data[0] = 4);
            #[allow(clippy::forget_non_drop, forgetting_references)]
            forget(s);
        });
        assert_eq!(data, [4, 2, 3]);
    });
}

#[test]
fn a_handle_forgotten_in_an_items_result_is_not_used_again() {
    on_pools(|pool| {
        for _ in 0..100 {
            let word = String::from("word");
            let panicked = panics(|| {
                pool.scope(|s| {
                    // A handle of an item that panics, in the result of one whose handle is forgotten.
                    let outer = s.spawn(|| s.spawn(|| -> &str { panic!("{word}") }));
                    forget(outer);
                });
            });
            assert!(panicked);
        }
    });
}
