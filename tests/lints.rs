//! The lints that a user's crate may be strict about: nothing of what the macros expand into draws one, and nothing of it is an
//! `allow`, which a `forbid` would refuse. `cargo test` asks rustc's, `cargo clippy --all-targets` clippy's.

#![forbid(
    unsafe_code,
    dead_code,
    unused,
    unused_mut,
    unused_variables,
    unused_must_use,
    nonstandard_style,
    future_incompatible
)]
#![forbid(
    clippy::too_many_arguments,
    clippy::type_complexity,
    clippy::struct_field_names,
    clippy::used_underscore_binding
)]
#![deny(warnings, clippy::all, clippy::pedantic)]
#![deny(missing_docs, missing_debug_implementations, unreachable_pub, unused_results, unused_qualifications)]
#![deny(let_underscore_drop, single_use_lifetimes, trivial_casts, trivial_numeric_casts, variant_size_differences)]
#![deny(clippy::allow_attributes, clippy::allow_attributes_without_reason, clippy::let_underscore_untyped)]
#![deny(
    clippy::let_underscore_must_use,
    clippy::items_after_statements,
    clippy::unwrap_used,
    clippy::pattern_type_mismatch
)]
#![deny(clippy::missing_docs_in_private_items)]

use std::sync::atomic::{AtomicU32, Ordering};

use micropool::{SharedTask, Task};

/// Background jobs whose bodies don't use all that they are given.
#[micropool::job(background)]
fn unused_parameters(_unused: u8, (used, _): (u8, u8), #[after] _late: u8, __twice: u8) -> u8 {
    used
}

/// As many as a function may have, and more in what the macro makes of it.
#[micropool::job(background, shared)]
fn seven(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, #[after] g: u8) -> u8 {
    a + b + c + d + e + f + g
}

/// The pool's expression names a parameter, which its body doesn't use.
#[micropool::job(background, pool = &pool.clone())]
fn pooled(pool: std::sync::Arc<micropool::ThreadPool>, n: u8) -> u8 {
    n
}

/// In place, borrowed.
#[micropool::job(name = "adds")]
fn add(sum: &mut u8, _unused: u8, n: u8) -> u8 {
    *sum += n;
    *sum
}

#[test]
fn jobs_draw_no_lint() {
    let task: Task<u8> = unused_parameters(1, (2, 3), micropool::spawn(|| 4), 5);
    let shared: SharedTask<u8> = seven(1, 1, 1, 1, 1, 1, task);
    assert_eq!(*shared.join(), 8);
    let pool = std::sync::Arc::new(micropool::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool"));
    assert_eq!(pooled(pool, 5).join(), 5);
    let mut sum = 1;
    assert_eq!(add(&mut sum, 7, 2), 3);
}

/// A graph in each form, with all that a node may have, and listed inputs that its expression doesn't use.
fn graphs(world: &mut [f32], on: bool) -> Option<f32> {
    let frames = AtomicU32::new(0);
    let mut positions = vec![1_u8];
    let countdown = micropool::parallel! {
        use world, mut positions;
        listed => 1.0_f32,
        also(listed, world) => 2.0_f32,
        moved(mut positions) => positions.push(2),
        sum(world) if !world.is_empty() => world.iter().sum::<f32>(),
        _(move sum, also, moved) => frames.fetch_add(1, Ordering::Relaxed),
        here shown(move listed, positions) => positions.len(),
        background ignored(clone also, clone positions) if on => also,
        background later(move ignored) if on => 3.0_f32,
        background after_it after later => (),
    };
    countdown.later.detach();
    countdown.after_it.detach();
    let nested = micropool::parallel! {
        nested;
        /// With a doc comment.
        a => countdown.shown,
        b(a) if on => 1.0_f32,
        c(clone a, b) => 2.0_f32,
        #[expect(clippy::float_cmp, reason = "the user's own")]
        d(mut c, a) if *c == 2.0 => { *c += 1.0; }
        e(move b, d) => 4.0_f32,
        _background => 1,
        _x(_background) => 2,
        Upper => 3,
        parallel => 4,
        parallel_one => 5,
        parallel_two => 6,
        parallel_three => 7,
    };
    let fields = nested.into_tuple();
    let wide = micropool::parallel! { a => fields.0, b => 2, c => 3, d => 4, e => 5, f => 6, g => 7, #[cfg(any())] h(mut a, b) => {} };
    let tried = micropool::try_parallel! {
        error std::num::ParseIntError;
        n => "1".parse::<u8>(),
        m(n) if on => Ok(n + 1),
        k(move n, clone m) => Ok(m),
        background l(clone k) => k.unwrap_or(0),
    };
    let tried = tried.ok()?;
    tried.l.detach();
    (wide.g == 7).then_some(countdown.also)
}

#[test]
fn graphs_draw_no_lint() {
    assert_eq!(graphs(&mut [1.0, 2.0], true), Some(2.0));
}

#[test]
fn results_that_nobody_reads_draw_no_lint() {
    micropool::parallel! { a => 1, b(a) => a + 1 };
    micropool::parallel! { use; a => 1, b(a) => a + 1 };
    micropool::parallel! {};
}
