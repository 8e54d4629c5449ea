//! What users may have on: nothing of the expansion draws a warning.
#![forbid(unsafe_code)]
#![deny(warnings, rust_2018_idioms, unused, nonstandard_style, future_incompatible)]
#![deny(unused_qualifications, unused_results, trivial_casts, trivial_numeric_casts, single_use_lifetimes)]
#![deny(missing_docs, missing_debug_implementations, unreachable_pub, let_underscore_drop, unused_lifetimes)]
#![deny(elided_lifetimes_in_paths, explicit_outlives_requirements, macro_use_extern_crate, variant_size_differences)]

use std::sync::atomic::{AtomicU32, Ordering};

/// A frame.
pub fn frame(world: &mut [f32]) -> f32 {
    let frames = AtomicU32::new(0);
    let total = micropool::parallel! {
        use world;
        listed_but_not_used(world) => 1.0,
        also(listed_but_not_used, world) => 2.0,
        sum(world) if !world.is_empty() => world.iter().sum::<f32>(),
        _(move sum, also) => { let _old = frames.fetch_add(1, Ordering::Relaxed); }
        background ignored(clone also) => also,
        background later(move ignored) => (),
    };
    total.later.detach();
    total.listed_but_not_used + total.also
}

fn main() {
    assert!(frame(&mut [1.0, 2.0]) > 2.0);
    let nested = micropool::parallel! {
        a => 1, b(a) => 2, c(a) => 3, d(mut b, c) => { *b += c; *b }
    };
    assert_eq!(nested.into_tuple(), (1, 5, 3, 5));
    let wide = micropool::parallel! { a => 1, b => 2, c => 3, d => 4, e => 5, f => 6, g => 7 };
    assert_eq!(wide.g, 7);
}
