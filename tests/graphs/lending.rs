//! Locals that nodes borrow: in the order of the graph, by `use`, and in their results.

use super::*;

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
