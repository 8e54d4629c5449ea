//! `#[micropool::job]`: each clause of its contract, by name.

#![forbid(unsafe_code)]

use micropool::{SharedTask, Task, ThreadPool, ThreadPoolBuilder};
use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::num::ParseIntError;
use std::ops::AddAssign;
use std::panic::catch_unwind;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::Duration;
use support::{eventually, within};

const LIMIT: Duration = Duration::from_secs(20);

/// A pool that can be told from the global one by its number of workers.
static FIVE: LazyLock<ThreadPool> =
    LazyLock::new(|| ThreadPoolBuilder::new().num_threads(5).thread_name(|i| format!("five {i}")).build().unwrap());

/// Writes a letter to a log when it is dropped.
struct Tells(&'static str, Arc<Mutex<String>>);

impl Drop for Tells {
    fn drop(&mut self) {
        self.1.lock().unwrap().push_str(self.0);
    }
}

mod in_place {
    use super::*;

    #[micropool::job]
    fn here() -> ThreadId {
        thread::current().id()
    }

    #[test]
    fn a_plain_job_runs_on_its_caller() {
        assert_eq!(here(), thread::current().id());
    }

    #[micropool::job]
    fn nothing() {}

    #[micropool::job()]
    fn unit(into: &Cell<u8>) -> () {
        into.set(7);
    }

    #[test]
    fn a_job_needs_no_result() {
        nothing();
        let cell = Cell::new(0);
        unit(&cell);
        assert_eq!(cell.get(), 7);
    }

    #[micropool::job]
    fn first<'a>(words: &'a [String], _by: &str) -> &'a str {
        &words[0]
    }

    #[micropool::job]
    fn last(words: &mut [String]) -> &mut String {
        words.last_mut().unwrap()
    }

    #[micropool::job]
    fn borrowing_iterator(words: &[String]) -> impl Iterator<Item = &str> + '_ {
        words.iter().map(|word| word.as_str())
    }

    #[test]
    fn a_plain_job_may_borrow_and_give_borrowed_results() {
        let mut words = vec![String::from("a"), String::from("b")];
        last(&mut words).push('!');
        assert_eq!(first(&words, "x"), "a");
        assert_eq!(borrowing_iterator(&words).collect::<Vec<_>>(), ["a", "b!"]);
    }

    #[micropool::job]
    fn sum(text: &str) -> Result<i32, Box<dyn std::error::Error + Send + Sync>> {
        let mut sum = 0;
        for word in text.split(' ') {
            if word == "stop" {
                return Ok(sum);
            }
            sum += word.parse::<i32>()?;
        }
        if sum < 0 {
            return Err("negative".into());
        }
        Ok(sum)
    }

    #[test]
    fn return_and_question_mark_concern_the_job() {
        assert_eq!(sum("1 2 3").unwrap(), 6);
        assert_eq!(sum("1 2 stop x").unwrap(), 3);
        assert_eq!(sum("1 x").unwrap_err().to_string(), "invalid digit found in string");
        assert_eq!(sum("-1").unwrap_err().to_string(), "negative");
    }

    #[micropool::job]
    fn boxed(short: bool) -> Box<dyn Fn(&str) -> usize> {
        if short { Box::new(|_| 0) } else { Box::new(|text| text.len()) }
    }

    #[micropool::job]
    fn shown(number: Option<u8>) -> Result<impl Display, ParseIntError> {
        let number = match number {
            Some(number) => number,
            None => "x".parse::<u8>()?,
        };
        Ok(number)
    }

    #[micropool::job]
    fn numbers(n: u8) -> impl Iterator<Item = u8> + Clone {
        0..n
    }

    #[micropool::job]
    fn lengths() -> impl Fn(&str) -> usize {
        |text: &str| text.len()
    }

    #[micropool::job]
    fn pusher(into: &mut Vec<u8>, by: u8) -> impl FnMut(u8) {
        move |n| into.push(n + by)
    }

    #[test]
    fn results_may_be_closures_over_parameters() {
        let mut numbers = Vec::new();
        let mut push = pusher(&mut numbers, 1);
        push(1);
        push(2);
        drop(push);
        assert_eq!(numbers, [2, 3]);
    }

    #[test]
    fn results_are_coerced_or_hidden_as_in_any_function() {
        assert_eq!(boxed(false)("abc") + boxed(true)("abc"), 3);
        assert_eq!(shown(Some(3)).unwrap_or_else(|_| unreachable!()).to_string(), "3");
        assert!(shown(None).is_err());
        assert_eq!(numbers(3).sum::<u8>(), 3);
        assert_eq!(lengths()("four"), 4);
    }

    #[micropool::job]
    fn never() -> ! {
        std::panic::panic_any("never")
    }

    #[test]
    fn a_plain_job_may_never_return() {
        let payload = catch_unwind(|| never()).unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"never"));
    }

    #[micropool::job]
    fn fib(n: u32) -> u64 {
        if n < 2 {
            return n.into();
        }
        let (a, b) = micropool::join(|| fib(n - 1), || fib(n - 2));
        a + b
    }

    #[test]
    fn recursion_works() {
        assert_eq!(fib(15), 610);
    }

    #[micropool::job]
    fn patterns((a, b): (u8, u8), [c, ..]: [u8; 3], mut d: u8, _: u8) -> u8 {
        d += a + b + c;
        d
    }

    #[test]
    fn parameters_may_be_patterns() {
        assert_eq!(patterns((1, 2), [3, 4, 5], 6, 7), 12);
    }

    #[micropool::job]
    fn not_send(counter: Rc<Cell<u8>>) -> Rc<Cell<u8>> {
        counter.set(counter.get() + 1);
        counter
    }

    #[test]
    fn a_plain_job_needs_nothing_to_be_send() {
        assert_eq!(not_send(Rc::default()).get(), 1);
    }

    #[micropool::job]
    fn keeps(_a: Tells, b: Tells, _: Tells) {
        b.1.lock().unwrap().push('|');
    }

    #[test]
    fn parameters_are_dropped_after_the_body_in_reverse() {
        let log = Arc::new(Mutex::new(String::new()));
        let tells = |name| Tells(name, log.clone());
        keeps(tells("a"), tells("b"), tells("c"));
        assert_eq!(*log.lock().unwrap(), "|cba");
    }
}

mod in_background {
    use super::*;

    #[micropool::job(background)]
    fn add(a: u32, b: u32) -> u32 {
        a + b
    }

    #[micropool::job(background)]
    fn opens(gate: mpsc::Receiver<()>) {
        gate.recv().unwrap();
    }

    #[test]
    fn a_background_job_gives_a_task_at_once() {
        within(LIMIT, || {
            let task: Task<u32> = add(1, 2);
            assert_eq!(task.join(), 3);
            let (open, gate) = mpsc::channel();
            let task: Task<()> = opens(gate);
            assert!(!task.complete());
            open.send(()).unwrap();
            task.join();
        });
    }

    #[micropool::job(background, shared)]
    fn table(n: usize) -> Vec<usize> {
        (0..n).collect()
    }

    #[test]
    fn a_shared_job_gives_a_shared_task() {
        within(LIMIT, || {
            let task: SharedTask<Vec<usize>> = table(3);
            assert_eq!(task.clone().join(), task.join());
            assert_eq!(*task.join(), [0, 1, 2]);
        });
    }

    #[micropool::job(background)]
    fn parse(text: String) -> Result<i32, ParseIntError> {
        if text.is_empty() {
            return Ok(0);
        }
        let number: i32 = text.parse()?;
        Ok(number + 1)
    }

    #[test]
    fn return_and_question_mark_concern_the_background_job() {
        within(LIMIT, || {
            assert_eq!(parse(String::new()).join(), Ok(0));
            assert_eq!(parse("4".into()).join(), Ok(5));
            assert!(parse("x".into()).join().is_err());
        });
    }

    #[micropool::job(background)]
    fn panics(message: &'static str) -> u8 {
        panic!("{message}")
    }

    #[test]
    fn a_panic_reaches_whoever_joins() {
        within(LIMIT, || {
            let payload = panics("oh").outcome().unwrap_err();
            assert_eq!(payload.downcast_ref::<String>().unwrap(), "oh");
        });
    }

    #[micropool::job(background)]
    fn evens(below: u32) -> impl Iterator<Item = u32> + Send {
        (0..below).filter(|n| n % 2 == 0)
    }

    #[micropool::job(background)]
    fn boxed(by: usize) -> Box<dyn Fn(usize) -> usize + Send> {
        Box::new(move |n| n * by)
    }

    #[test]
    fn results_of_background_jobs_are_coerced_or_hidden() {
        within(LIMIT, || {
            assert_eq!(evens(7).join().sum::<u32>(), 12);
            assert_eq!(boxed(3).join()(4), 12);
        });
    }

    struct Pair {
        left: u8,
        right: u8,
    }

    #[micropool::job(background)]
    fn patterns((mut a, b): (u8, u8), Pair { left, .. }: Pair, mut c: Vec<u8>, ref d: u8, _: u8) -> Vec<u8> {
        a += 1;
        c.extend([a, b, left, *d]);
        c
    }

    #[test]
    fn parameters_of_background_jobs_may_be_patterns() {
        within(LIMIT, || {
            let pair = Pair { left: 3, right: 0 };
            let _ = pair.right;
            assert_eq!(patterns((1, 2), pair, vec![0], 4, 5).join(), [0, 2, 2, 3, 4]);
        });
    }

    #[micropool::job(background)]
    fn keeps(_a: Tells, b: Tells, _: Tells, (c, _): (Tells, Tells)) {
        c.1.lock().unwrap().push('|');
        let _ = b;
    }

    #[test]
    fn unused_parameters_live_as_long_as_the_body() {
        within(LIMIT, || {
            let log = Arc::new(Mutex::new(String::new()));
            let tells = |name| Tells(name, log.clone());
            keeps(tells("a"), tells("b"), tells("_"), (tells("c"), tells("d"))).join();
            assert_eq!(*log.lock().unwrap(), "|cd_ba");
        });
    }

    #[micropool::job(background)]
    fn halves(numbers: Vec<u64>) -> u64 {
        if numbers.len() < 3 {
            return numbers.iter().sum();
        }
        let (left, right) = numbers.split_at(numbers.len() / 2);
        let (left, right) = (halves(left.to_vec()), halves(right.to_vec()));
        left.join() + right.join()
    }

    #[test]
    fn background_jobs_may_call_themselves() {
        within(LIMIT, || assert_eq!(halves((0..100).collect()).join(), 4950));
    }

    #[micropool::job(background)]
    fn by_function(f: fn(&str) -> usize, g: impl Fn(&[u8]) -> &u8 + Send + 'static, text: &'static str) -> usize {
        f(text) + usize::from(*g(text.as_bytes()))
    }

    #[test]
    fn lifetimes_bound_by_function_types_and_static_ones_are_fine() {
        within(LIMIT, || assert_eq!(by_function(str::len, |bytes| &bytes[0], "abc").join(), 3 + 97));
    }
}

mod in_pools {
    use super::*;

    #[micropool::job(pool = FIVE)]
    fn in_place() -> (usize, ThreadId) {
        (micropool::num_threads(), thread::current().id())
    }

    #[test]
    fn a_plain_job_is_installed_in_its_pool() {
        assert_eq!(in_place(), (5, thread::current().id()));
        let other = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        other.install(|| {
            assert_eq!(in_place().0, 5);
            assert_eq!(micropool::num_threads(), 1);
        });
    }

    #[micropool::job(background, pool = &FIVE)]
    fn behind() -> usize {
        micropool::num_threads()
    }

    #[micropool::job(shared, background, pool = *FIVE, name = "behind, shared",)]
    fn behind_shared(#[after] before: usize) -> (usize, usize) {
        (before, micropool::num_threads())
    }

    #[test]
    fn a_background_job_is_spawned_in_its_pool() {
        within(LIMIT, || {
            assert_eq!(behind().join(), 5);
            assert_eq!(*behind_shared(behind()).join(), (5, 5));
        });
    }

    #[micropool::job(background, pool = pool.clone())]
    fn on(pool: Arc<ThreadPool>, x: u8) -> (usize, u8) {
        (micropool::num_threads(), x)
    }

    #[micropool::job(pool = world.pool.clone())]
    fn of_a_field(world: World) -> usize {
        drop(world);
        micropool::num_threads()
    }

    struct World {
        pool: Arc<ThreadPool>,
    }

    impl World {
        #[micropool::job(pool = self.pool)]
        fn of_self(&mut self) -> usize {
            micropool::num_threads()
        }

        #[micropool::job(background, pool = self.pool.clone())]
        fn of_moved_self(self) -> usize {
            drop(self);
            micropool::num_threads()
        }
    }

    #[test]
    fn a_pool_may_be_named_by_a_parameter() {
        within(LIMIT, || {
            let pool = || Arc::new(ThreadPoolBuilder::new().num_threads(3).build().unwrap());
            assert_eq!(on(pool(), 1).join(), (3, 1));
            assert_eq!(of_a_field(World { pool: pool() }), 3);
            assert_eq!(World { pool: pool() }.of_self(), 3);
            assert_eq!(World { pool: pool() }.of_moved_self().join(), 3);
        });
    }
}

mod chains {
    use super::*;

    #[micropool::job(background)]
    fn load(path: &'static str) -> String {
        path.to_uppercase()
    }

    #[micropool::job(background)]
    fn length(#[after] text: String) -> usize {
        text.len()
    }

    #[micropool::job(background, name = "both")]
    fn both(#[after] mut left: Vec<u8>, by: u8, #[after] (a, b): (u8, u8)) -> Vec<u8> {
        left.extend([by, a, b]);
        left
    }

    #[test]
    fn a_job_after_a_task_gets_its_result() {
        within(LIMIT, || {
            assert_eq!(length(load("mesh")).join(), 4);
            let task = both(micropool::spawn(|| vec![1]), 2, micropool::spawn(|| (3, 4)));
            assert_eq!(task.join(), [1, 2, 3, 4]);
        });
    }

    #[micropool::job(background)]
    fn gated(gate: mpsc::Receiver<()>, began: Arc<AtomicBool>) -> u8 {
        began.store(true, Ordering::Release);
        gate.recv().unwrap();
        1
    }

    #[micropool::job(background)]
    fn next(#[after] before: u8, began: Arc<AtomicBool>) -> u8 {
        began.store(true, Ordering::Release);
        before + 1
    }

    #[test]
    fn no_thread_waits_for_what_a_job_comes_after() {
        within(LIMIT, || {
            let pool = ThreadPoolBuilder::new().num_threads(2).background_threads(2).build().unwrap();
            pool.install(|| {
                let (open, gate) = mpsc::channel();
                let (first, second) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
                let mut task = gated(gate, first.clone());
                for _ in 0..20 {
                    task = next(task, second.clone());
                }
                assert!(eventually(LIMIT, || first.load(Ordering::Acquire)));
                // One worker is in the first job; the other is free, for none of the twenty holds it.
                let free = micropool::spawn(|| 5);
                assert!(eventually(LIMIT, || free.complete()));
                assert!(!second.load(Ordering::Acquire));
                open.send(()).unwrap();
                assert_eq!(task.join(), 21);
            });
        });
    }

    #[micropool::job(background)]
    fn fails() -> u8 {
        std::panic::panic_any(3_u64)
    }

    #[test]
    fn a_panic_travels_down_the_chain() {
        within(LIMIT, || {
            let began = Arc::<AtomicBool>::default();
            let payload = next(fails(), began.clone()).outcome().unwrap_err();
            assert_eq!(payload.downcast_ref::<u64>(), Some(&3));
            assert!(!began.load(Ordering::Acquire));
        });
    }

    #[micropool::job(background)]
    fn shown(#[after] value: impl Display + Send + 'static) -> String {
        value.to_string()
    }

    #[micropool::job(background, shared)]
    fn pair<A, B>(#[after] a: A, #[after] b: B) -> (A, B)
    where
        A: Send + Sync + 'static,
        B: Send + Sync + 'static,
    {
        (a, b)
    }

    #[test]
    fn parameters_after_a_task_may_be_generic() {
        within(LIMIT, || {
            assert_eq!(shown(micropool::spawn(|| 12)).join(), "12");
            assert_eq!(*pair(load("x"), micropool::spawn(|| 1)).join(), (String::from("X"), 1));
        });
    }

    #[micropool::job(background)]
    #[allow(clippy::too_many_arguments)]
    fn many(
        #[after] a: u8,
        #[after] b: u8,
        #[after] c: u8,
        #[after] d: u8,
        scale: u8,
        #[after] e: u8,
        #[after] f: u8,
        #[after] g: u8,
        #[after] h: u8,
        #[after] text: String,
    ) -> String {
        format!("{text}{}", (a + b + c + d + e + f + g + h) * scale)
    }

    #[test]
    fn a_job_comes_after_as_many_tasks_as_it_likes() {
        within(LIMIT, || {
            let n = |n: u8| micropool::spawn(move || n);
            let text = micropool::spawn(|| String::from("sum "));
            assert_eq!(many(n(1), n(2), n(3), n(4), 2, n(5), n(6), n(7), n(8), text).join(), "sum 72");
        });
    }
}

mod functions_of_all_kinds {
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
}

/// Nothing of the expansion depends on what names mean around it.
#[allow(non_snake_case, dead_code)]
mod hygiene {
    mod names {
        #![no_implicit_prelude]

        use ::std::primitive::u8;

        pub mod std {}
        pub mod core {}
        pub struct Task;
        pub struct FnOnce;
        pub struct Send;

        fn carry() -> u8 {
            1
        }

        fn spawn() -> u8 {
            2
        }

        fn work() -> u8 {
            3
        }

        #[::micropool::job]
        fn Ok(parameter0: u8) -> u8 {
            parameter0
        }

        #[::micropool::job(background)]
        pub fn named(work0: u8, work: u8, (parameter0, _): (u8, u8), parameter2: u8) -> u8 {
            Ok(work0) + work + parameter0 + parameter2 + carry() + spawn() + self::work()
        }

        #[::micropool::job(background, name = "type")]
        pub fn r#type(#[after] r#fn: u8, r#mod: u8) -> u8 {
            r#fn + r#mod
        }

        #[::micropool::job(background)]
        pub fn micropool() {}
    }

    mod renamed {
        extern crate micropool as pool;

        #[pool::job(background, crate = pool)]
        pub fn answer() -> u8 {
            #[pool::job(crate = pool)]
            fn inner() -> u8 {
                42
            }
            inner()
        }
    }

    #[test]
    fn expansions_depend_on_no_name() {
        super::within(super::LIMIT, || {
            assert_eq!(names::named(1, 2, (3, 9), 4).join(), 16);
            assert_eq!(names::r#type(names::named(0, 0, (0, 0), 0), 1).join(), 7);
            names::micropool().join();
        });
    }

    #[test]
    fn a_renamed_crate_is_found() {
        super::within(super::LIMIT, || assert_eq!(renamed::answer().join(), 42));
    }
}
