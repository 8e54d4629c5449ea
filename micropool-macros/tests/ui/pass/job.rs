//! Right jobs give no warning, whatever their body and whoever calls them.

#![deny(warnings, rust_2018_idioms, unused, let_underscore_drop, unused_qualifications, unused_lifetimes)]
#![deny(elided_lifetimes_in_paths, single_use_lifetimes, unreachable_pub, unused_results, missing_docs)]

use micropool::{SharedTask, Task};

/// Doubles.
#[micropool::job]
pub(crate) fn double(n: u32) -> u32 {
    n * 2
}

/// # Safety
/// A byte is there for as long as the job runs.
#[micropool::job(background)]
unsafe fn raw(address: usize) -> bool {
    // SAFETY: what callers promise.
    unsafe { *(address as *const u8) == 7 }
}

/// # Safety
/// `value` isn't null.
#[micropool::job]
unsafe fn read(value: *const u8) -> u8 {
    // SAFETY: what callers promise.
    unsafe { *value }
}

#[micropool::job(background, shared)]
#[must_use]
fn table((a, _): (u8, u8), mut b: u8, _unused: String, #[cfg(any())] c: u8, #[cfg(not(any()))] d: u8) -> Vec<u8> {
    b += 1;
    vec![a, b, d]
}

#[micropool::job(background)]
fn length<T>(#[after] mut all: Vec<T>, #[after] _: u8, _: u8, #[after] _more: u8) -> usize
where
    T: Send + 'static,
{
    all.truncate(2);
    all.len()
}

static SEVEN: u8 = 7;

struct Counter(u8);

impl Counter {
    #[micropool::job]
    fn add(&mut self, n: u8) -> &mut u8 {
        self.0 += n;
        &mut self.0
    }

    #[micropool::job(background)]
    fn unused_self(self) {}

    #[micropool::job(background)]
    fn changed(mut self, n: u8) -> Self {
        self.0 += n;
        self
    }
}

#[micropool::job]
fn never(fails: bool) -> ! {
    if fails {
        panic!("as it should");
    }
    loop {
        std::thread::yield_now();
    }
}

#[micropool::job(background)]
fn ends() {
    if double(1) == 2 {
        return;
    }
    never(true)
}

fn main() {
    let table: SharedTask<Vec<u8>> = table((1, 2), 3, String::new(), 4);
    assert_eq!(*table.join(), [1, 4, 4]);
    let length: Task<usize> = length(micropool::spawn(|| vec![""]), micropool::spawn(|| 1), 2, micropool::spawn(|| 3));
    assert_eq!(length.join(), 1);
    // SAFETY: neither is null.
    unsafe {
        assert!(raw((&raw const SEVEN).addr()).join());
        assert_eq!(read(&7), 7);
    }
    *Counter(1).add(2) += 1;
    assert_eq!(Counter(1).changed(2).join().0, 3);
    Counter(1).unused_self().join();
    ends().join();
}
