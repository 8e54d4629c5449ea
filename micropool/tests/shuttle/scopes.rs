//! Scopes: items against the end.

use crate::{Count, Gate, explore, number_of, pool, quiet_panic};

// Items that spawn items, one of them just when the caller may leave. Goes red if the entry's close doesn't wait for those inside.
#[test]
fn items_spawn_items_until_the_end() {
    explore(|| {
        let pool = pool(1);
        let mut cells = [0, 0, 0];
        let [first, second, third] = &mut cells;
        pool.scope(|s| {
            s.spawn(|| {
                *first = 1;
                s.spawn(|| {
                    *second = 1;
                    s.spawn(|| *third = 1);
                });
            });
        });
        assert_eq!(cells, [1, 1, 1]);
    });
}

// Goes red if an item is queued without a word to a worker that sleeps (`announce`).
#[test]
fn an_item_runs_beside_the_scopes_own_code() {
    explore(|| {
        let pool = pool(1);
        let ran = Gate::new();
        pool.scope(|s| {
            s.spawn(|| ran.open());
            ran.pass();
        });
    });
}

#[test]
fn an_item_is_joined_or_run_here() {
    explore(|| {
        let pool = pool(1);
        let runs = Count::default();
        let total = pool.scope(|s| {
            let (left, right) = (s.spawn(|| runs.up()), s.spawn(|| runs.up()));
            left.join() + right.join()
        });
        assert_eq!((total, runs.get()), (3, 2));
    });
}

#[test]
fn an_items_panic_leaves_when_all_have_ended() {
    explore(|| {
        let pool = pool(1);
        let ended = Count::default();
        let number = number_of(|| {
            pool.scope(|s| {
                s.spawn(|| quiet_panic(7));
                s.spawn(|| ended.up());
            });
        });
        assert_eq!((number, ended.get()), (7, 1));
    });
}
