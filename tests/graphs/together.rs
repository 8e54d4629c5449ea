//! Which nodes run together, and where: `here` and `in`.

use super::*;

#[test]
fn here_nodes_stay_on_the_calling_thread() {
    everywhere(|| {
        let window = Rc::new(Cell::new(0));
        let caller = std::thread::current().id();
        for _ in 0..50 {
            let frame = parallel! {
                work => std::hint::black_box(5),
                here title(work) => { window.set(window.get() + work); std::thread::current().id() }
                more => 1,
                here shown(more) => { assert_eq!(std::thread::current().id(), caller); Rc::clone(&window) }
                after_all after (title, more) => 2,
            };
            assert_eq!(frame.title, caller);
            assert_eq!(frame.shown.get(), window.get());
            assert_eq!(frame.after_all, 2);
        }
        assert_eq!(window.get(), 250);
    });
}

#[test]
fn here_nodes_give_each_other_what_is_not_send() {
    everywhere(|| {
        let mut context = Rc::new(1);
        let frame = parallel! {
            use mut context;
            here window => Rc::new(5),
            size => 2,
            here resize(mut window, size) => *window = Rc::new(**window * size),
            here read(window) => **window,
            here current(mut context) => *context = Rc::new(3),
            here look(context, read) if **context == 3 => **context + read,
            here close(move window) after look => *window,
            here copy(clone close) => Rc::new(close),
        };
        assert_eq!((frame.read, frame.look, frame.close, *frame.copy), (10, Some(13), 10, 10));
        let failed = try_parallel! {
            error String;
            here a => Ok(Rc::new(1)),
            here b(a) => if **a == 1 { Err("b")? } else { Ok(Rc::new(2)) },
            c => Ok(3),
        };
        assert_eq!(failed.map(drop).unwrap_err(), "b");
    });
}

#[test]
fn a_wide_fork() {
    everywhere(|| {
        let frame = parallel! {
            nested;
            seed => 1_u64,
            a(seed) => seed + 1, b(seed) => seed + 2, c(seed) => seed + 3, d(seed) => seed + 4,
            e(seed) => seed + 5, f(seed) => seed + 6, g(seed) => seed + 7, h(seed) => seed + 8,
            _ => (),
            sum(a, b, c, d, e, f, g, h) => a + b + c + d + e + f + g + h,
        };
        assert_eq!(frame.sum, 44);
    });
}

#[test]
fn in_evaluates_its_pool_once() {
    let (small, calls) = (pool(1), Cell::new(0));
    let choose = || {
        calls.set(calls.get() + 1);
        &small
    };
    let frame = parallel! { in choose(); a => micropool::num_threads(), b => micropool::num_threads() };
    assert_eq!((frame.a, frame.b, calls.get()), (1, 1, 1));
}

#[test]
fn in_borrows_what_any_expression_gives() {
    struct Game {
        pool: ThreadPool,
    }
    let (small, large) = (pool(1), std::sync::Arc::new(pool(2)));
    let size = |on: bool| parallel! { in if on { &small } else { &*large }; a => micropool::num_threads() }.a;
    assert_eq!((size(true), size(false)), (1, 2));
    let game = std::sync::Mutex::new(Game { pool: pool(3) });
    let sizes = [
        parallel! { in { &small }; a => micropool::num_threads() }.a,
        parallel! { in match Some(&small) { Some(pool) => pool, None => &large }; use; a => micropool::num_threads() }
            .a,
        parallel! { in large; a => micropool::num_threads() }.a,
        parallel! { in game.lock().unwrap().pool; a => micropool::num_threads() }.a,
        parallel! { in pool(0); a => micropool::num_threads() }.a,
    ];
    assert_eq!(sizes, [1, 1, 2, 3, 0]);
    drop((small, large, game));
}

#[test]
fn unordered_nodes_run_together() {
    // Each waits for the other: a schedule that runs them one after another never ends.
    let pool = pool(1);
    for _ in 0..20 {
        let barrier = std::sync::Barrier::new(2);
        parallel! {
            in pool;
            a => { barrier.wait(); }
            b => { barrier.wait(); }
        };
        let barrier = std::sync::Barrier::new(2);
        parallel! {
            in pool;
            use;
            zero => (),
            a after zero => { barrier.wait(); }
            b after zero => { barrier.wait(); }
        };
    }
}

#[test]
fn nothing_is_waited_for_that_is_not_named() {
    // `b` ends only once `d` has started, which waits for `a` alone. A form that waited for the whole level would hang.
    let pool = pool(1);
    for _ in 0..20 {
        let started = std::sync::Barrier::new(2);
        parallel! {
            in pool;
            a => (),
            b => { started.wait(); }
            c after (a, b) => (),
            d after a => { started.wait(); }
        };
    }
}
