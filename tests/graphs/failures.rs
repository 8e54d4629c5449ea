//! Panics and errors: which one leaves, and what doesn't run for it.

use super::*;

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
