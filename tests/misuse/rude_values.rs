//! Values whose drop panics or calls back, wherever a value may lie.

use super::*;

/// Calls the pool in its drop, and then panics if it may.
struct Rude;

/// How many drops of these have begun, and to how many the pool gave what they asked for: by their panics alone nobody could tell.
static DROPS: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];

impl Drop for Rude {
    fn drop(&mut self) {
        DROPS[0].fetch_add(1, Ordering::SeqCst);
        let both = micropool::join(|| 1, || micropool::scope(|s| s.spawn(|| 2).join()));
        if (both, micropool::spawn(|| 3).join()) == ((1, 2), 3) {
            DROPS[1].fetch_add(1, Ordering::SeqCst);
        }
        if !std::thread::panicking() {
            panic!("rude");
        }
    }
}

/// That what leaves a call is the panic of a `Rude`'s drop.
fn rudely<R>(f: impl FnOnce() -> R) {
    let payload = catch_unwind(AssertUnwindSafe(|| drop(f()))).expect_err("a drop has panicked");
    assert_eq!(payload.downcast_ref(), Some(&"rude"));
}

#[test]
fn rude_values_everywhere() {
    on_pools(|pool| {
        pool.install(|| {
            micropool::spawn(|| Rude).detach();
            let rude = Rude;
            micropool::spawn(move || drop(rude)).detach();
            forget(catch_unwind(|| micropool::join(|| Rude, || -> () { panic!() })).map(drop));
            rudely(|| micropool::join(|| Rude, || ()));
            rudely(|| micropool::scope(|s| drop(s.spawn(|| Rude).join())));
            micropool::scope(|s| drop(s.spawn(|| Rude)));
            let shared = micropool::spawn_shared(|| Rude);
            let other = shared.clone();
            shared.join();
            drop((shared, other));
            rudely(|| micropool::parallel! { use; a => Rude, b(a) => { let _ = a; }, _c(move a) after b => drop(a) });
            assert!(panics(|| drop(micropool::parallel! { a => Rude, b => { if token() { panic!() } } })));
            let rude_payload = micropool::spawn(|| std::panic::panic_any(Rude));
            drop(rude_payload);
            let split = micropool::split_per_item();
            rudely(|| {
                split.reduce_ranges(
                    9,
                    |_| Rude,
                    |a, b| {
                        drop(b);
                        a
                    },
                )
            });
        });
        pool.wait_idle();
        let drops = || DROPS.each_ref().map(|count| count.load(Ordering::SeqCst));
        assert!(eventually(LIMIT / 2, || drops()[0] == drops()[1]), "{:?} of those drops came right", drops());
        assert_eq!(pool.join(|| 1, || 2), (1, 2));
    });
}

#[test]
fn a_result_whose_drop_spawns_into_its_scope() {
    /// Spawns one more item when it is dropped.
    struct Spawns<'scope, 'env>(&'scope Scope<'scope, 'env>, &'env AtomicUsize);
    impl Drop for Spawns<'_, '_> {
        fn drop(&mut self) {
            let count = self.1;
            drop(self.0.spawn(move || count.fetch_add(1, Ordering::SeqCst)));
        }
    }
    for _ in 0..20 {
        on_pools(|pool| {
            for _ in 0..50 {
                let count = AtomicUsize::new(0);
                pool.scope(|s| {
                    for _ in 0..4 {
                        // Nobody has the handle: the result is dropped by whoever ran the item.
                        drop(s.spawn(|| Spawns(s, &count)));
                    }
                });
                assert_eq!(count.into_inner(), 4, "what is spawned before the scope is over has ended when it returns");
            }
        });
    }
}

#[test]
fn a_result_dropped_late_may_still_spawn_into_its_scope() {
    /// Takes its time, and then spawns.
    struct Late<'scope, 'env>(&'scope Scope<'scope, 'env>, &'env AtomicUsize);
    impl Drop for Late<'_, '_> {
        fn drop(&mut self) {
            support::busy(Duration::from_millis(2));
            let count = self.1;
            drop(self.0.spawn(move || count.fetch_add(1, Ordering::SeqCst)));
        }
    }
    within(LIMIT, || {
        let pool = pool(1);
        for _ in 0..10 {
            let (begun, over, count) = (AtomicBool::new(false), AtomicBool::new(false), AtomicUsize::new(0));
            pool.scope(|s| {
                drop(s.spawn(|| {
                    begun.store(true, Ordering::SeqCst);
                    assert!(eventually(LIMIT, || over.load(Ordering::SeqCst)));
                    Late(s, &count)
                }));
                assert!(eventually(LIMIT, || begun.load(Ordering::SeqCst)));
                // What is joined by hand leaves something behind that the scope's end has to clear away: that takes time.
                for _ in 0..50_000 {
                    s.spawn(|| ()).join();
                }
                over.store(true, Ordering::SeqCst);
                // So that the item has ended, and its result is being dropped, when the scope looks.
                support::busy(Duration::from_micros(500));
            });
            assert_eq!(count.into_inner(), 1, "an item that was spawned while the scope waited has ended with it");
        }
    });
}
