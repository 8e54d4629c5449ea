//! A bug for each sanitizer to find, in the code of whoever uses the pool: `.ci/sanitize` runs these, one by one, and demands that each
//! is reported. Were one not, the silence about all the other tests would say nothing. Elsewhere they have undefined behaviour or
//! do nothing that could be seen, hence `#[ignore]`.

use micropool::ThreadPoolBuilder;
use std::cell::UnsafeCell;
use std::sync::Barrier;

/// What a careless user makes of a `static mut`.
struct Shared(UnsafeCell<u64>);

// SAFETY: it isn't; that is what is to be reported.
unsafe impl Sync for Shared {}

/// On two threads, whatever is done: neither half ends before the other has begun.
fn both_at_once(half: impl Fn() + Sync) {
    let pool = ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let begun = Barrier::new(2);
    let run = || {
        begun.wait();
        half();
    };
    pool.join(run, run);
}

#[test]
#[ignore = "a data race, for ThreadSanitizer"]
fn canary_a_race_between_two_halves() {
    let cell = Shared(UnsafeCell::new(0));
    let cell = &cell;
    both_at_once(|| {
        for _ in 0..1000 {
            // SAFETY: none: the other half does it too.
            unsafe { *cell.0.get() += 1 };
        }
    });
}

#[test]
#[ignore = "a use after free, for AddressSanitizer"]
fn canary_a_half_that_uses_what_was_freed() {
    let kept = Box::into_raw(Box::new(7_u64)) as usize;
    let pool = ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    // SAFETY: it came from a box, and is put back once.
    pool.spawn(move || drop(unsafe { Box::from_raw(kept as *mut u64) })).join();
    // SAFETY: none: it is gone.
    let read = || std::hint::black_box(unsafe { std::ptr::read_volatile(kept as *const u64) });
    pool.join(read, || ());
}

#[test]
#[ignore = "a leak, for LeakSanitizer"]
fn canary_a_task_that_leaks_what_it_made() {
    let pool = ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    pool.spawn(|| std::mem::forget(std::hint::black_box(vec![7_u64; 1000]))).join();
}
