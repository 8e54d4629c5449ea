//! What is lent, and who has it in hand: that a reference lent by `use` can't leave its node is a compile error
//! (`micropool-macros/tests/ui/parallel/smuggle_*`); here, what the checker lets pass.

use super::*;

#[test]
fn awake_guards_end_after_their_pool_and_on_other_threads() {
    within(LIMIT, || {
        for workers in [0, 1, 3] {
            let pool = pool(workers);
            let (first, second) = (pool.keep_awake(), pool.install(micropool::keep_awake));
            // Made on a thread of the pool, if it has any.
            let third = pool.spawn(micropool::keep_awake).join();
            std::thread::spawn(move || drop(first)).join().unwrap();
            assert_eq!(pool.join(|| 1, || 2), (1, 2));
            // Inside of another pool, whose guards they aren't.
            let other = self::pool(1);
            let (kept, own) = (third, other.keep_awake());
            other.install(|| drop(kept));
            // The threads of a pool go though one is left.
            drop(pool);
            std::thread::spawn(move || drop(second)).join().unwrap();
            drop(other);
            drop(own);
        }
    });
}

#[test]
fn lent_resources_survive_panics_and_forgetting() {
    on_pools(|pool| {
        pool.install(|| {
            let mut world = vec![1, 2, 3];
            let mut kept = RefCell::new(0);
            assert!(panics(|| {
                micropool::parallel! {
                    use mut world, mut kept;
                    grow(mut world) => world.push(4),
                    broken(mut world) => { forget(world.drain(1..)); world.clear(); panic!("with the resource in hand") },
                    never(world) => drop(world.clone()),
                    // A borrow that is forgotten inside of a cell stays borrowed, as in any code.
                    borrowed(mut kept) => forget(kept.borrow_mut()),
                };
            }));
            assert_eq!(world, Vec::<i32>::new(), "it is back, as the panic left it");
            assert!(kept.try_borrow().is_err());
            *kept.get_mut() = 1;
            // A guard that a node returns is dropped or forgotten after the block.
            let lock = Mutex::new(5);
            let frame = micropool::parallel! { use; lock_ => &lock, value(lock_) => *lock_.lock().unwrap() };
            #[allow(forgetting_references)]
            forget(frame.lock_);
            assert_eq!(frame.value, 5);
            assert_eq!(*lock.lock().unwrap(), 5);
        });
    });
}

#[test]
fn handles_of_another_scope_pool_or_thread() {
    on_pools(|pool| {
        let other = self::pool(1);
        // Joined inside of another pool, inside of another scope, and by a thread that no pool knows.
        let sum: usize = pool.scope(|s| {
            let tasks: Vec<ScopedTask<'_, usize>> = (0..12).map(|n| s.spawn(move || n)).collect();
            let mut tasks = tasks.into_iter();
            let mut next = || tasks.by_ref().take(3).collect::<Vec<_>>();
            let join = |tasks: Vec<ScopedTask<'_, usize>>| tasks.into_iter().map(ScopedTask::join).sum::<usize>();
            let (first, second, third) = (next(), next(), next());
            let a = other.install(|| join(first));
            let b = micropool::scope(|inner| inner.spawn(move || join(second)).join());
            let c = std::thread::scope(|threads| threads.spawn(move || join(third)).join().unwrap());
            a + b + c + join(next())
        });
        assert_eq!(sum, 66);
    });
}

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
}

#[test]
fn values_that_are_not_send_stay_on_their_thread() {
    on_pools(|pool| {
        // `scope`'s closure, `install`'s and `reduce` of a loop are not `Send`, and run on the caller.
        COUNT.set(0);
        let count = std::rc::Rc::new(Cell::new(0));
        pool.install(|| count.set(count.get() + 1));
        pool.scope(|s| {
            drop(s.spawn(|| ()));
            count.set(count.get() + 1);
        });
        let caller = std::thread::current().id();
        let folded = pool.split_per_item().reduce_ranges(
            100,
            |range| range.len(),
            |a, b| {
                assert_eq!(std::thread::current().id(), caller);
                COUNT.set(COUNT.get() + 1);
                a + b
            },
        );
        assert_eq!((count.get(), folded), (2, Some(100)));
    });
}
