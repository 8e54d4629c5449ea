//! In which order rustc infers the types of a graph: that of the source, as far as the graph's forks allow, and not that of
//! urgency.

#![forbid(unsafe_code)]

use micropool::{ThreadPoolBuilder, parallel};

/// Runs `f` in pools of several sizes.
fn everywhere(f: impl Fn()) {
    for workers in [0, 1, 2, 4] {
        ThreadPoolBuilder::new().num_threads(workers).build().expect("threads can be made").install(&f);
    }
}

fn fixes(names: &Option<Vec<String>>) -> usize {
    names.as_ref().map_or(0, Vec::len)
}

#[test]
fn what_stands_above_fixes_types_for_what_stands_below() {
    everywhere(|| {
        let names = None;
        // The most urgent branch is the last one, and needs to know what the first makes of `names`.
        let nested = parallel! {
            nested;
            a => fixes(&names),
            b => 2,
            c => names.as_ref().map_or(3, |names| names.first().map_or(0, |name| name.len())),
            d(c) => c + 1,
            e(d) => d + 1,
        };
        assert_eq!(nested.into_tuple(), (0, 2, 3, 4, 5));
        let names = None;
        let wide = parallel! {
            nested;
            a => fixes(&names),
            b => 2, c => 3, d => 4, e => 5, f => 6,
            #[cost(7)]
            g => names.as_ref().map_or(7, |names| names.first().map_or(0, |name| name.len())),
        };
        assert_eq!(wide.g, 7);
        let names = None;
        let countdown = parallel! {
            use;
            a => fixes(&names),
            #[cost(7)]
            b => names.as_ref().map_or(7, |names| names.first().map_or(0, |name| name.len())),
        };
        assert_eq!(countdown.into_tuple(), (0, 7));
    });
}
