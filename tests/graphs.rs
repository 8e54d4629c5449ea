//! `parallel!` and `try_parallel!`: every clause of the grammar, by what it does.

#![forbid(unsafe_code)]

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use micropool::{Task, ThreadPool, ThreadPoolBuilder, parallel, try_parallel};

fn pool(workers: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(workers).build().expect("threads can be made")
}

/// Runs `f` in pools of several sizes.
fn everywhere(f: impl Fn()) {
    for workers in [0, 1, 2, 4] {
        pool(workers).install(&f);
    }
}

fn payload(f: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("it panics");
    payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned()))
        .expect("a message")
}

#[test]
fn an_empty_graph_and_one_of_one_node() {
    everywhere(|| {
        parallel! {}.into_tuple();
        assert_eq!(parallel! { a => 1 }.a, 1);
        assert_eq!(parallel! { a => 1, }.into_tuple(), (1,));
        let nothing: Result<_, ()> = try_parallel! {};
        nothing.unwrap().into_tuple();
        parallel! { use; };
        parallel! { nested; };
    });
}

#[test]
fn results_are_fields_in_source_order() {
    everywhere(|| {
        let frame = parallel! { b => 2_u8, a(b) => f32::from(*b), c => "c" };
        assert_eq!(format!("{frame:?}"), r#"Parallel { b: 2, a: 2.0, c: "c" }"#);
        assert_eq!(frame.into_tuple(), (2, 2.0, "c"));
    });
}

#[test]
fn ordered_nodes_borrow_one_local_mutably() {
    everywhere(|| {
        let mut world = vec![1];
        let frame = parallel! {
            physics => world.push(2),
            render after physics => world.len(),
            audio => 7,
            again after (render, audio) => { world.clear(); world.len() }
        };
        assert_eq!((frame.render, frame.audio, frame.again), (2, 7, 0));
        assert!(world.is_empty());
    });
}

#[test]
fn every_way_of_input() {
    everywhere(|| {
        let frame = parallel! {
            nested;
            list => vec![3, 1, 2],
            length(list) => list.len(),
            copy(clone list) => { let mut list = list; list.push(9); list }
            sort(mut list) => list.sort(),
            sum(move list, length) => { let list: Vec<i32> = list; (list, *length) }
        };
        assert_eq!(frame.copy, [3, 1, 2, 9]);
        assert_eq!(frame.sum, (vec![1, 2, 3], 3));
        let () = frame.list;
    });
}

#[test]
fn every_way_of_input_in_a_countdown() {
    everywhere(|| {
        let frame = parallel! {
            use;
            list => vec![3, 1, 2],
            length(list) => list.len(),
            copy(clone list) => { let mut list = list; list.push(9); list }
            sort(mut list) => list.sort(),
            sum(move list, length) => { let list: Vec<i32> = list; (list, *length) }
        };
        assert_eq!(frame.copy, [3, 1, 2, 9]);
        assert_eq!(frame.sum, (vec![1, 2, 3], 3));
        let () = frame.list;
    });
}

#[test]
fn resources_are_lent_in_source_order() {
    everywhere(|| {
        let mut log = Vec::new();
        let factor = 3;
        let mut total = 0;
        let frame = parallel! {
            use mut log, factor, mut total;
            a(mut log, factor) => log.push(*factor),
            b(log) => log.len(),
            c(log, mut total) => *total = log.iter().sum::<i32>(),
            d(mut log, total) => log.push(*total),
            e(log) => log.clone(),
        };
        assert_eq!(frame.e, [3, 3]);
        assert_eq!(frame.b, 1);
        assert_eq!((log, total), (vec![3, 3], 3));
    });
}

#[test]
fn a_name_means_the_input_only_where_it_is_listed() {
    everywhere(|| {
        let a = "outside";
        let frame = parallel! {
            a => 1,
            b after a => a.len(),
            c(a) => *a + 1,
        };
        assert_eq!((frame.b, frame.c), (7, 2));
    });
}

#[test]
fn an_if_gives_an_option() {
    everywhere(|| {
        for on in [false, true] {
            let frame = parallel! {
                a => 5,
                b(a) if on && *a == 5 => a + 1,
                c(b) => b.is_some(),
                d(move b) if b.is_some() => b.map(|b| b * 2),
                e(mut a) if *a > 3 => { *a += 1; *a }
            };
            assert_eq!(frame.c, on);
            assert_eq!(frame.d, on.then_some(Some(12)));
            assert_eq!((frame.a, frame.e), (6, Some(6)));
        }
    });
}

#[test]
fn underscores_run_for_their_effect() {
    everywhere(|| {
        let runs = AtomicU32::new(0);
        let frame = parallel! {
            _ => runs.fetch_add(1, Ordering::Relaxed),
            a => 1,
            _ after a => { runs.fetch_add(1, Ordering::Relaxed); }
            _(a) if *a == 2 => runs.fetch_add(1, Ordering::Relaxed),
        };
        assert_eq!(frame.into_tuple(), (1,));
        assert_eq!(runs.into_inner(), 2);
    });
}

#[test]
fn background_nodes_are_tasks() {
    everywhere(|| {
        let text = String::from("scene");
        let frame = parallel! {
            size => 4_usize,
            background early => text.len(),
            background save(move size) => size * 2,
            background next(move save, move early) => save + early,
            background last after next => 1,
        };
        let () = frame.size;
        let () = frame.save;
        let last: Task<i32> = frame.last;
        assert_eq!(frame.next.join() + last.join() as usize, 14);
    });
}

#[test]
fn a_background_node_takes_as_many_values_as_it_likes() {
    everywhere(|| {
        let frame = parallel! {
            background a => 1, background b => 2, background c => 3, background d => 4, background e => 5,
            background f => 6, background g => 7, background h => 8, background i => 9, background j => "ten",
            one => 1,
            background sum(move a, move b, move c, move d, clone one, move e, move f, move g, move h, move i, move j) => {
                (a + b + c + d + e + f + g + h + i + one, j)
            }
        };
        let () = frame.j;
        assert_eq!(frame.sum.join(), (46, "ten"));
    });
}

#[test]
fn a_background_node_with_an_if() {
    everywhere(|| {
        for on in [false, true] {
            let borrowed = [on];
            let frame = parallel! {
                a => 1,
                background b(clone a) if borrowed[0] => a + 1,
                background c(move b) => b,
                background d => 4,
                background e(move d) if *d == 4 => d,
            };
            assert_eq!(frame.c.join(), on.then_some(2));
            assert_eq!(frame.e.join(), Some(4));
        }
    });
}

#[test]
fn a_background_node_comes_after_as_many_as_it_likes() {
    everywhere(|| {
        let frame = parallel! {
            background a => 1, background b => 2, background c => 3, background d => 4, background e => 5,
            background f => 6, background g => 7, background h => 8, background i => 9, background j => 10,
            background order after (a, b, c, d, e, f, g, h, i, j) => 11,
            background sum(move a, move b, move c, move d, move e, move f, move g, move h, move i, move j) after order =>
                a + b + c + d + e + f + g + h + i + j,
        };
        assert_eq!((frame.order.join(), frame.sum.join()), (11, 55));
    });
}

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
fn what_moves_into_a_node_that_is_off_by_its_if_is_dropped() {
    everywhere(|| {
        for (on, form) in [(true, 0), (false, 0), (true, 1), (false, 1)] {
            let token = std::sync::Arc::new(());
            let left = |kept: &Option<std::sync::Arc<()>>| (kept.is_some(), std::sync::Arc::strong_count(&token));
            let seen = if form == 0 {
                parallel! { a => token.clone(), b(move a) if on => a, c(b) => left(b) }.c
            } else {
                parallel! { use; a => token.clone(), b(move a) if on => a, c(b) => left(b) }.c
            };
            assert_eq!(seen, (on, 1 + usize::from(on)));
        }
    });
}

#[test]
fn of_a_panic_and_an_error_the_higher_one_leaves() {
    everywhere(|| {
        let low = try_parallel! { error u8; a => Err::<(), _>(1), b => { assert!(false_at_run_time(), "b"); Ok(()) } };
        assert_eq!(low.map(drop), Err(1));
        let high = || {
            let _ = try_parallel! { error u8; a => { assert!(false_at_run_time(), "a"); Ok(()) } b => Err::<(), _>(1) };
        };
        assert_eq!(payload(high), "a");
    });
}

fn false_at_run_time() -> bool {
    std::hint::black_box(false)
}

#[test]
fn modifiers_are_names_elsewhere() {
    let frame = parallel! {
        background => 1,
        here(background) => background + 1,
        nested after here => 3,
        clone(clone here) => here + 2,
        after after nested => 5,
        error => 6,
        r#type => 7,
        use_it(r#type) => *r#type,
        Ok => 8,
        core => 9,
        pool => 10,
    };
    assert_eq!(frame.into_tuple(), (1, 2, 3, 4, 5, 6, 7, 7, 8, 9, 10));
}

#[test]
fn exactly_the_dependants_of_a_panicked_node_are_left_out() {
    everywhere(|| {
        let runs = AtomicU32::new(0);
        let ran = |node: u32| runs.fetch_or(1 << node, Ordering::Relaxed);
        let message = payload(|| {
            parallel! {
                a => { ran(0); }
                b after a => { ran(1); panic!("b") }
                c after b => { ran(2); }
                d after a => { ran(3); }
                e after (c, d) => { ran(4); }
                f => { ran(5); panic!("f") }
            };
        });
        assert_eq!(message, "b");
        assert_eq!(runs.into_inner(), 0b101011);
    });
}

#[test]
fn a_later_user_depends_on_an_exclusive_one_and_not_on_readers() {
    everywhere(|| {
        let runs = AtomicU32::new(0);
        let ran = |node: u32| runs.fetch_or(1 << node, Ordering::Relaxed);
        let mut log = vec![0];
        let message = payload(|| {
            parallel! {
                use mut log;
                reader(log) => { ran(0); let _ = log.len(); panic!("reader") }
                writer(mut log) => { ran(1); log.push(1); }
                breaks(mut log) => { ran(2); log.push(2); panic!("breaks") }
                later(log) => { ran(3); let _ = log.len(); }
            };
        });
        assert_eq!(message, "reader");
        assert_eq!((runs.into_inner(), log), (0b0111, vec![0, 1, 2]));
    });
}

#[test]
fn the_highest_panic_leaves_whatever_came_first() {
    let pool = pool(2);
    for round in 0..50 {
        let message = payload(|| {
            parallel! {
                in pool;
                a => { if round % 2 == 0 { std::thread::yield_now(); } panic!("a") }
                b => panic!("b"),
                c => { assert!(round > 100, "c") }
            };
        });
        assert_eq!(message, "a");
    }
}

fn token_is_there<T>(_: &T) -> bool {
    true
}

#[test]
fn results_are_dropped_when_a_node_panics() {
    everywhere(|| {
        let token = std::sync::Arc::new(());
        payload(|| {
            parallel! {
                a => token.clone(),
                b(clone a) => a,
                c(move b) => b,
                d => if token_is_there(&token) { panic!("d") },
                never(move c, d) => { let () = *d; c }
            };
        });
        assert_eq!(std::sync::Arc::strong_count(&token), 1);
    });
}

#[test]
fn tries_give_all_or_the_highest_error() {
    everywhere(|| {
        let good = try_parallel! {
            a => "2".parse::<u32>(),
            b(a) => Ok(a + 1),
            c(mut a) if *a == 2 => { *a = 7; Ok(1) }
            background d => 4,
        };
        let good = good.unwrap();
        assert_eq!((good.a, good.b, good.c, good.d.join()), (7, 3, Some(1), 4));

        let ran = AtomicUsize::new(0);
        let bad = try_parallel! {
            error String;
            a => { ran.fetch_add(1, Ordering::Relaxed); Ok(1) }
            b(a) => if *a == 1 { Err("b")? } else { Ok(()) },
            c after b => { ran.fetch_add(1, Ordering::Relaxed); Ok(()) }
            _ => Err::<(), _>(String::from("lower")),
            _ if false => Err::<(), _>(String::from("off")),
        };
        assert_eq!(bad.unwrap_err(), "b");
        assert_eq!(ran.into_inner(), 1);
    });
}

#[test]
fn nested_blocks_generics_and_methods() {
    struct Game<T> {
        world: Vec<T>,
        frame: u32,
    }
    impl<T: Clone + Send + Sync + PartialOrd> Game<T> {
        fn step(&mut self, with: T) -> (usize, u32, Option<T>) {
            let frame = parallel! {
                count => { self.frame += 1; self.frame }
                inner => parallel! { a => 1, b(a) => a + 1 }.b,
                push after count => { self.world.push(with.clone()); self.world.len() }
                largest after push => {
                    self.world.iter().fold(None, |a: Option<&T>, b| if a.is_none_or(|a| a < b) { Some(b) } else { a }).cloned()
                }
            };
            assert_eq!(frame.inner, 2);
            (frame.push, frame.count, frame.largest)
        }
    }
    everywhere(|| {
        let mut game = Game { world: vec![1.5], frame: 0 };
        assert_eq!(game.step(0.5), (2, 1, Some(1.5)));
    });
}

#[test]
fn control_flow_stays_in_its_node() {
    fn early() -> &'static str {
        let frame = parallel! {
            a => { if std::hint::black_box(true) { return 1; } 2 }
            b(a) => { let found: Option<i32> = [1, 2].iter().find(|x| *x == a).copied(); found?; Some(3) }
            c => loop { if std::hint::black_box(true) { break 4 } },
        };
        assert_eq!(frame.into_tuple(), (1, Some(3), 4));
        "went on"
    }
    everywhere(|| assert_eq!(early(), "went on"));
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
fn a_wide_layer_runs_only_behind_a_layer_of_which_no_node_failed() {
    everywhere(|| {
        for failing in [None, Some(1), Some(2), Some(7)] {
            let (ran, fails) = (AtomicUsize::new(0), |node| assert_ne!(Some(node), failing, "node {node}"));
            let run = || {
                parallel! {
                    nested;
                    a => fails(1), b => fails(2), c => fails(3), d => fails(4), e => fails(5), f => fails(6), g => fails(7),
                    h after (a, b, c, d, e, f, g) => ran.fetch_add(1, Ordering::Relaxed),
                    i after (a, b, c, d, e, f, g) => ran.fetch_add(1, Ordering::Relaxed),
                    j after (a, b, c, d, e, f, g) => ran.fetch_add(1, Ordering::Relaxed),
                    k after (a, b, c, d, e, f, g) => ran.fetch_add(1, Ordering::Relaxed),
                    l(a, b, c, d, e, f, g) => { let _ = (a, b, c, d, e, f, g); ran.fetch_add(1, Ordering::Relaxed) }
                    m(a) after (b, c, d, e, f, g) => { let _ = a; ran.fetch_add(1, Ordering::Relaxed) }
                    _ after (a, b, c, d, e, f, g) => ran.fetch_add(1, Ordering::Relaxed),
                };
            };
            match failing {
                None => run(),
                Some(node) => {
                    let message = payload(run);
                    assert!(message.contains(&format!("node {node}")), "{message}");
                }
            }
            assert_eq!(ran.into_inner(), if failing.is_some() { 0 } else { 7 });
        }
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
fn results_may_borrow_from_outside() {
    everywhere(|| {
        let text = String::from("a b c");
        let frame = parallel! {
            words => text.split(' ').collect::<Vec<_>>(),
            first(words) => { let _ = words; &text[..1] }
            rest(move words) => words,
        };
        assert_eq!((frame.first, frame.rest.len()), ("a", 3));
    });
}

/// The same nodes as a nested graph and with countdowns.
macro_rules! in_both_forms {
    ({ $($nodes:tt)* } => $check:expr) => {
        $check(parallel! { nested; $($nodes)* }.into_tuple());
        $check(parallel! { use; $($nodes)* }.into_tuple());
    };
}

#[test]
fn results_may_borrow_mutably_from_outside() {
    everywhere(|| {
        let mut w = vec![1, 2, 3];
        in_both_forms!({ first => w.first_mut(), other => 2 } => |(first, other): (Option<&mut i32>, i32)| {
            *first.unwrap() += other;
        });
        assert_eq!(w, [5, 2, 3]);

        in_both_forms!({ a => 1, b => 2, c => 3, d => 4, e => 5, f => 6, rest => w.iter_mut() } => |frame| {
            let (a, .., f, rest): (i32, i32, i32, i32, i32, i32, std::slice::IterMut<'_, i32>) = frame;
            rest.for_each(|x| *x += a + f);
        });
        assert_eq!(w, [19, 16, 17]);

        let on = w.len() == 3;
        in_both_forms!({ other => 2, first if on => w.first_mut(), never if !on => 3 } => |frame| {
            let (other, first, never): (i32, Option<Option<&mut i32>>, Option<i32>) = frame;
            *first.flatten().unwrap() -= other;
            assert_eq!(never, None);
        });
        assert_eq!(w, [15, 16, 17]);
    });
}

#[test]
fn each_branch_may_give_a_mutable_borrow_of_its_own() {
    everywhere(|| {
        let (mut left, mut right, mut text) = (vec![1], [2, 3], String::from("a"));
        in_both_forms!({
            x => left.first_mut(),
            y => right.iter_mut(),
            // Behind another node, and out of a fork in a fork.
            seed => 4,
            name(seed) => { let _ = seed; text.as_mut_str() }
            copy(seed) => *seed
        } => |frame| {
            let (x, y, seed, name, copy): (Option<&mut i32>, std::slice::IterMut<'_, i32>, i32, &mut str, i32) = frame;
            *x.unwrap() += seed;
            y.for_each(|y| *y += copy);
            name.make_ascii_uppercase();
        });
        assert_eq!((left, right, text.as_str()), (vec![9], [10, 11], "A"));
    });
}

#[test]
fn a_background_node_may_give_a_mutable_borrow() {
    everywhere(|| {
        // Of no size, so that nothing is lost.
        let leak = || -> &'static mut [()] { Box::leak(Box::new([(), ()])) };
        let (always, sometimes) = (leak(), leak());
        let on = sometimes.len() == 2;
        let frame = parallel! {
            background first => always.first_mut(),
            background last if on => sometimes.last_mut(),
        };
        assert_eq!((frame.first.join(), frame.last.join()), (Some(&mut ()), Some(Some(&mut ()))));
    });
}

#[test]
fn shadowed_preludes() {
    #[allow(dead_code, non_upper_case_globals)]
    mod shadows {
        pub const Ok: () = ();
        pub const Err: () = ();
        pub const Some: () = ();
        pub const None: () = ();
        pub struct Option;
        pub struct Result;
        pub trait Send {}
        pub trait Debug {}
        pub fn drop() {}

        pub fn run() -> i32 {
            let frame = micropool::parallel! {
                use;
                a => 1,
                b(a) if *a == 1 => a + 1,
                c(clone b) => b.is_some(),
                background d(clone a) if true => a,
            };
            frame.d.join().unwrap_or(0) + frame.a + if frame.c { 10 } else { 0 }
        }
    }
    assert_eq!(shadows::run(), 12);
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

#[test]
fn background_nodes_start_before_the_graph_is_over() {
    let pool = pool(1);
    let (send, receive) = std::sync::mpsc::channel();
    let receive = std::sync::Mutex::new(receive);
    // With one worker: the caller blocks in `wait`, the worker must take the background node meanwhile.
    let frame = parallel! {
        in pool;
        snapshot => 5,
        background save(clone snapshot) => { send.send(snapshot).unwrap(); }
        wait after snapshot => receive.lock().unwrap().recv().unwrap(),
    };
    frame.save.join();
    assert_eq!(frame.wait, 5);
}
