//! `pool = …`.

use super::*;

#[micropool::job(pool = FIVE)]
fn in_place() -> (usize, ThreadId) {
    (micropool::num_threads(), thread::current().id())
}

#[test]
fn a_plain_job_is_installed_in_its_pool() {
    assert_eq!(in_place(), (5, thread::current().id()));
    let other = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    other.install(|| {
        assert_eq!(in_place().0, 5);
        assert_eq!(micropool::num_threads(), 1);
    });
}

#[micropool::job(background, pool = &FIVE)]
fn behind() -> usize {
    micropool::num_threads()
}

#[micropool::job(shared, background, pool = *FIVE, name = "behind, shared",)]
fn behind_shared(#[after] before: usize) -> (usize, usize) {
    (before, micropool::num_threads())
}

#[test]
fn a_background_job_is_spawned_in_its_pool() {
    within(LIMIT, || {
        assert_eq!(behind().join(), 5);
        assert_eq!(*behind_shared(behind()).join(), (5, 5));
    });
}

#[micropool::job(pool = { let five: &ThreadPool = &FIVE; five })]
fn of_a_block() -> usize {
    micropool::num_threads()
}

#[micropool::job(background, pool = if five { &*FIVE } else { other })]
fn of_a_choice(five: bool, other: &'static ThreadPool) -> usize {
    micropool::num_threads()
}

#[test]
fn a_pool_may_be_any_expression() {
    static THREE: LazyLock<ThreadPool> =
        LazyLock::new(|| ThreadPoolBuilder::new().num_threads(3).build().expect("a pool"));
    within(LIMIT, || {
        assert_eq!(of_a_block(), 5);
        assert_eq!((of_a_choice(true, &THREE).join(), of_a_choice(false, &THREE).join()), (5, 3));
    });
}

#[micropool::job(background, pool = pool.clone())]
fn on(pool: Arc<ThreadPool>, x: u8) -> (usize, u8) {
    (micropool::num_threads(), x)
}

#[micropool::job(pool = world.pool.clone())]
fn of_a_field(world: World) -> usize {
    drop(world);
    micropool::num_threads()
}

struct World {
    pool: Arc<ThreadPool>,
}

impl World {
    #[micropool::job(pool = self.pool)]
    fn of_self(&mut self) -> usize {
        micropool::num_threads()
    }

    #[micropool::job(background, pool = self.pool.clone())]
    fn of_moved_self(self) -> usize {
        drop(self);
        micropool::num_threads()
    }
}

#[test]
fn a_pool_may_be_named_by_a_parameter() {
    within(LIMIT, || {
        let pool = || Arc::new(ThreadPoolBuilder::new().num_threads(3).build().unwrap());
        assert_eq!(on(pool(), 1).join(), (3, 1));
        assert_eq!(of_a_field(World { pool: pool() }), 3);
        assert_eq!(World { pool: pool() }.of_self(), 3);
        assert_eq!(World { pool: pool() }.of_moved_self().join(), 3);
    });
}
