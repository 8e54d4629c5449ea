//! Inputs, results, conditions and names; what may stand in a node.

use super::*;

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
