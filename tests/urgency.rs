//! Of several ready nodes the one with the longest way to the end of the graph goes first. On a pool without workers the caller runs
//! all of them, so their order is all that there is to see.

use micropool::{ThreadPool, ThreadPoolBuilder, parallel};
use std::sync::Mutex;

/// Notes who ran.
#[derive(Default)]
struct Order(Mutex<Vec<&'static str>>);

impl Order {
    fn ran(&self, name: &'static str) {
        self.0.lock().unwrap().push(name);
    }

    fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join(" ")
    }
}

fn nobody() -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(0).build().expect("a pool of no threads")
}

#[test]
fn the_longest_way_goes_first() {
    let (pool, order) = (nobody(), Order::default());
    parallel! {
        in pool;
        nested;
        short => order.ran("short"),
        long => order.ran("long"),
        middle => order.ran("middle"),
        long_2 after long => order.ran("long_2"),
        middle_2 after middle => order.ran("middle_2"),
        long_3 after long_2 => order.ran("long_3"),
    };
    // A branch that was begun is gone on with.
    assert_eq!(order.take(), "long long_2 long_3 middle middle_2 short");
    parallel! {
        in pool;
        use;
        short => order.ran("short"),
        long => order.ran("long"),
        middle => order.ran("middle"),
        fork after long => order.ran("fork"),
        left after fork => order.ran("left"),
        right after fork => order.ran("right"),
        end after right => order.ran("end"),
        both after (left, middle) => order.ran("both"),
    };
    // long and fork are one job of 4, middle one of 2, right and end one of 2, left one of 2, both and short are 1.
    assert_eq!(order.take(), "long fork middle left right end short both");
}

#[test]
fn a_series_goes_on_with_its_longest_branch() {
    let (pool, order) = (nobody(), Order::default());
    parallel! {
        in pool;
        nested;
        start => order.ran("start"),
        short after start => order.ran("short"),
        long after start => order.ran("long"),
        long_2 after long => order.ran("long_2"),
        end after (short, long_2) => order.ran("end"),
    };
    assert_eq!(order.take(), "start long long_2 short end");
}

#[test]
fn costs_make_a_way_longer() {
    let (pool, order) = (nobody(), Order::default());
    parallel! {
        in pool;
        nested;
        a => order.ran("a"),
        #[cost(10)]
        b => order.ran("b"),
        c => order.ran("c"),
        c_2 after c => order.ran("c_2"),
        #[cost(5)]
        d => order.ran("d"),
    };
    assert_eq!(order.take(), "b d c c_2 a");
    parallel! {
        in pool;
        use;
        a => order.ran("a"),
        #[cost(10)]
        b => order.ran("b"),
        c => order.ran("c"),
        c_2 after c => order.ran("c_2"),
        #[cost(5)]
        d => order.ran("d"),
    };
    assert_eq!(order.take(), "b d c c_2 a");
}

#[test]
fn a_wide_fork_too() {
    let (pool, order) = (nobody(), Order::default());
    parallel! {
        in pool;
        nested;
        a => order.ran("a"),
        b => order.ran("b"),
        c => order.ran("c"),
        d => order.ran("d"),
        #[cost(3)]
        e => order.ran("e"),
        f => order.ran("f"),
        g => order.ran("g"),
        h => order.ran("h"),
        h_2 after h => order.ran("h_2"),
    };
    let order = order.take();
    assert!(order.starts_with("e h h_2 "), "{order}");
}
