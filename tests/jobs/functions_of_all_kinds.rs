//! Generic functions, methods, patterns, lifetimes, attributes.

use super::*;

#[micropool::job]
fn largest<T, const N: usize>(items: [T; N]) -> Option<T>
where
    T: PartialOrd,
{
    let mut items = items.into_iter();
    let first = items.next()?;
    Some(items.fold(first, |a, b| if b > a { b } else { a }))
}

#[micropool::job(background)]
fn total<T: Default + AddAssign + Send + 'static, I>(items: I, extra: impl FnOnce() -> T + Send + 'static) -> T
where
    I: IntoIterator<Item = T> + Send + 'static,
{
    let mut total = extra();
    for item in items {
        total += item;
    }
    total
}

#[micropool::job]
fn call(f: impl FnOnce(u8) -> u8) -> u8 {
    f(1)
}

#[test]
fn generic_jobs_work() {
    within(LIMIT, || {
        assert_eq!(largest([3, 5, 4]), Some(5));
        assert_eq!(largest::<u8, 0>([]), None);
        assert_eq!(total(vec![1, 2, 3], || 4).join(), 10);
        let by = 3;
        assert_eq!(call(|n| n + by), 4);
    });
}

#[derive(Clone, Default)]
struct Counter<T> {
    value: T,
    log: Arc<Mutex<String>>,
}

impl<T: Copy + AddAssign + Send + Sync + 'static> Counter<T> {
    const STEPS: usize = 2;

    #[micropool::job]
    fn add(&mut self, by: T) -> &mut Self {
        for _ in 0..Self::STEPS {
            self.value += by;
        }
        self
    }

    #[micropool::job]
    fn get(&self) -> &T {
        &self.value
    }

    #[micropool::job(background)]
    fn moved(mut self, by: T) -> Self {
        self.value += by;
        self
    }

    #[micropool::job(background)]
    fn through_arc(self: Arc<Self>) -> T {
        self.value
    }

    #[micropool::job(background)]
    fn associated(value: T) -> Self {
        Self { value, log: Arc::default() }
    }

    #[micropool::job(background)]
    fn value_only(self) -> T {
        let value = self.value;
        self.log.lock().unwrap().push('|');
        value
    }
}

#[test]
fn methods_and_associated_functions_work() {
    within(LIMIT, || {
        let mut counter = Counter::<u32>::default();
        assert_eq!(*counter.add(1).add(2).get(), 6);
        assert_eq!(counter.clone().moved(1).join().value, 7);
        assert_eq!(Arc::new(counter.clone()).through_arc().join(), 6);
        assert_eq!(Counter::associated(4).join().value_only().join(), 4);
    });
}

struct Whole {
    small: u8,
    _rest: Tells,
}

impl Whole {
    #[micropool::job(background)]
    fn part(self, gate: mpsc::Receiver<()>) -> u8 {
        gate.recv().unwrap();
        self.small
    }
}

#[test]
fn a_moved_self_lives_as_long_as_the_body() {
    within(LIMIT, || {
        let log = Arc::<Mutex<String>>::default();
        let (open, gate) = mpsc::channel();
        let task = Whole { small: 5, _rest: Tells("dropped", log.clone()) }.part(gate);
        assert_eq!(*log.lock().unwrap(), "");
        open.send(()).unwrap();
        assert_eq!(task.join(), 5);
        assert_eq!(*log.lock().unwrap(), "dropped");
    });
}

trait Loads: Sized {
    fn load(self) -> Task<usize>;

    #[micropool::job]
    fn twice(&self, n: u8) -> u8 {
        n * 2
    }
}

impl Loads for String {
    #[micropool::job(background)]
    fn load(self) -> usize {
        self.len()
    }
}

#[test]
fn functions_of_traits_may_be_jobs() {
    within(LIMIT, || {
        assert_eq!(String::from("abc").twice(4), 8);
        assert_eq!(String::from("abc").load().join(), 3);
    });
}

mod visible {
    /// The number.
    #[micropool::job(background)]
    #[inline]
    #[must_use]
    pub(super) fn number() -> u8 {
        42
    }

    #[micropool::job]
    #[cfg(any())]
    pub fn number() -> u8 {
        this_is_off
    }

    #[micropool::job]
    #[expect(unused_variables)]
    #[deprecated]
    pub fn lint(unused: u8) {}
}

#[test]
fn visibility_and_attributes_are_kept() {
    within(LIMIT, || assert_eq!(visible::number().join(), 42));
    #[expect(deprecated)]
    visible::lint(1);
}

#[micropool::job(background)]
fn inner_attributes(#[cfg(not(test))] a: Missing, #[cfg(test)] b: u8, #[expect(unused_variables)] c: u8) -> u8 {
    #![allow(unused_assignments)]
    let mut result = 1;
    result = b;
    result
}

#[test]
fn attributes_inside_are_kept() {
    within(LIMIT, || assert_eq!(inner_attributes(2, 3).join(), 2));
}

#[micropool::job]
extern "C" fn foreign(n: i32) -> i32 {
    n + 1
}

#[test]
fn a_plain_job_may_be_called_from_c() {
    let f: extern "C" fn(i32) -> i32 = foreign;
    assert_eq!(f(1), 2);
}

#[test]
fn a_function_within_a_function_may_be_a_job() {
    #[micropool::job(background)]
    fn inner(n: u8) -> u8 {
        n + 1
    }
    within(LIMIT, || assert_eq!(inner(1).join(), 2));
}

macro_rules! make {
    ($name:ident, $n:ident, $ty:ty, $body:expr) => {
        #[micropool::job(background, crate = ::micropool)]
        fn $name($n: $ty) -> $ty {
            $body
        }
    };
}
make!(made, n, u8, n * 3);

#[test]
fn a_macro_may_make_jobs() {
    within(LIMIT, || assert_eq!(made(2).join(), 6));
}

#[test]
fn a_closure_in_a_job_may_use_what_the_job_has() {
    #[micropool::job]
    fn count(into: &RefCell<Vec<u8>>, n: u8) {
        (0..n).for_each(|k| into.borrow_mut().push(k));
    }
    let into = RefCell::default();
    count(&into, 3);
    assert_eq!(*into.borrow(), [0, 1, 2]);
}

static CALLS: AtomicUsize = AtomicUsize::new(0);

#[micropool::job(background)]
fn counted() {
    CALLS.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn a_dropped_handle_detaches_the_job() {
    within(LIMIT, || {
        counted().detach();
        drop(counted());
        assert!(eventually(LIMIT, || CALLS.load(Ordering::Relaxed) == 2));
    });
}
