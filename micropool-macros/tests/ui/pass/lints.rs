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

#[rustfmt::skip]
#[micropool::job]
fn in_one_line() -> u8 { 1 }

#[rustfmt::skip]
#[micropool::job(background, shared)]
fn background_in_one_line(#[after] n: u8) -> u8 { n }

/// The braces of a block that is no more than an expression are as necessary as those of an arm of a `match`.
fn blocks_of_one_expression(on: bool, pool: &micropool::ThreadPool) -> usize {
    let (world, mut log) = (vec![1_u8], Vec::new());
    let frame = micropool::parallel! {
        in pool;
        use world, mut log;
        plain => { 1_usize }
        copied(clone plain, clone world) => { world.len() + plain }
        moved(move plain) => { plain }
        sometimes(mut log) if on => { log.push(2_usize) }
        #[cfg(all())]
        on(world) => { world.len() }
        #[cfg(any())]
        off => { world.len() }
        background early => { 5_usize }
        background late(move early, clone copied) if on => { early + copied }
        here there => { 1_usize }
    };
    let tried = micropool::try_parallel! {
        error ();
        a => { Ok(1_usize) }
        b(clone a) => { Ok(a) }
        c(move a) if on => { Ok(a) }
        background d => { 1_usize }
    };
    let tried = tried.map_or(0, |tried| tried.b + tried.c.unwrap_or(0) + tried.d.join());
    let () = frame.off;
    let sometimes = frame.sometimes.map_or(0, |()| log.len());
    tried + frame.moved + sometimes + frame.on + frame.there + frame.late.join().unwrap_or(0)
}

fn main() {
    assert_eq!(in_one_line() + background_in_one_line(micropool::spawn(|| 1)).join(), 2);
    let pool = micropool::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    assert_eq!(blocks_of_one_expression(true, &pool), 14);
    assert!(frame(&mut [1.0, 2.0]) > 2.0);
    let nested = micropool::parallel! {
        a => 1, b(a) => 2, c(a) => 3, d(mut b, c) => { *b += c; *b }
    };
    assert_eq!(nested.into_tuple(), (1, 5, 3, 5));
    let wide = micropool::parallel! { a => 1, b => 2, c => 3, d => 4, e => 5, f => 6, g => 7 };
    assert_eq!(wide.g, 7);
}
