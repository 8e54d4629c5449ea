//! `join_all`: a tuple, an array or a vector of closures, all run, perhaps at the same time.

use crate::join::join;
use crate::panic::Held;

/// Runs all closures, perhaps at the same time, and returns all results in the shape they came in: a tuple of up to 12,
/// an array, or a `Vec`.
///
/// The closures are forked in halves, so that each can be taken by an idle thread.
///
/// ```
/// let (a, b, c) = micropool::join_all((|| 1, || "two", || 3.0));
/// assert_eq!((a, b, c), (1, "two", 3.0));
/// assert_eq!(micropool::join_all([|| 1, || 2]), [1, 2]);
/// let squares = micropool::join_all((0..4).map(|n| move || n * n).collect::<Vec<_>>());
/// assert_eq!(squares, [0, 1, 4, 9]);
/// ```
///
/// # Panics
/// All closures run; then the payload of the first (in order) that panicked is re-raised.
///
/// # Cost
/// That of a `join` for each closure but one. Nothing is allocated for tuples and arrays; a `Vec` for a `Vec`.
pub fn join_all<J: JoinAll>(jobs: J) -> J::Output {
    jobs.run()
}

mod sealed {
    pub trait Sealed {}
}

/// What [`join_all`] takes.
pub trait JoinAll: sealed::Sealed {
    /// The results, in the same shape.
    type Output;

    #[doc(hidden)]
    fn run(self) -> Self::Output;
}

/// A closure and the place for its result, which is dropped quietly if another closure panics.
struct Job<F, R> {
    f: Option<F>,
    result: Option<Held<R>>,
}

impl<F, R> Job<F, R> {
    fn new(f: F) -> Self {
        Self { f: Some(f), result: None }
    }

    fn into_result(self) -> R {
        self.result.expect("all have run").release()
    }
}

fn run_slice<F, R>(jobs: &mut [Job<F, R>])
where
    F: FnOnce() -> R + Send,
    R: Send,
{
    match jobs {
        [] => {}
        [job] => job.result = job.f.take().map(|f| Held::new(f())),
        _ => {
            let (left, right) = jobs.split_at_mut(jobs.len().div_ceil(2));
            join(|| run_slice(left), || run_slice(right));
        }
    }
}

impl<F, R> sealed::Sealed for Vec<F> where F: FnOnce() -> R + Send {}
impl<F, R> JoinAll for Vec<F>
where
    F: FnOnce() -> R + Send,
    R: Send,
{
    type Output = Vec<R>;

    fn run(self) -> Vec<R> {
        let mut jobs: Vec<Job<F, R>> = self.into_iter().map(Job::new).collect();
        run_slice(&mut jobs);
        jobs.into_iter().map(Job::into_result).collect()
    }
}

impl<F, R, const N: usize> sealed::Sealed for [F; N] where F: FnOnce() -> R + Send {}
impl<F, R, const N: usize> JoinAll for [F; N]
where
    F: FnOnce() -> R + Send,
    R: Send,
{
    type Output = [R; N];

    fn run(self) -> [R; N] {
        let mut jobs = self.map(Job::new);
        run_slice(&mut jobs);
        jobs.map(Job::into_result)
    }
}

impl sealed::Sealed for () {}
impl JoinAll for () {
    type Output = ();
    fn run(self) {}
}

impl<A: FnOnce() -> RA, RA> sealed::Sealed for (A,) {}
impl<A: FnOnce() -> RA, RA> JoinAll for (A,) {
    type Output = (RA,);
    fn run(self) -> (RA,) {
        ((self.0)(),)
    }
}

/// A tuple is forked into its left and its right half, each a tuple again.
macro_rules! tuples {
    ($(($($left:ident $lr:ident),+ ; $($right:ident $rr:ident),+))*) => {$(
        impl<$($left, $lr,)+ $($right, $rr),+> sealed::Sealed for ($($left,)+ $($right),+)
        where $($left: FnOnce() -> $lr + Send, $lr: Send,)+ $($right: FnOnce() -> $rr + Send, $rr: Send),+ {}

        #[allow(non_snake_case)]
        impl<$($left, $lr,)+ $($right, $rr),+> JoinAll for ($($left,)+ $($right),+)
        where $($left: FnOnce() -> $lr + Send, $lr: Send,)+ $($right: FnOnce() -> $rr + Send, $rr: Send),+
        {
            type Output = ($($lr,)+ $($rr),+);

            fn run(self) -> Self::Output {
                let ($($left,)+ $($right),+) = self;
                let (($($left,)+), ($($right,)+)) = join(|| ($($left,)+).run(), || ($($right,)+).run());
                ($($left,)+ $($right),+)
            }
        }
    )*};
}

tuples! {
    (A RA; B RB)
    (A RA, B RB; C RC)
    (A RA, B RB; C RC, D RD)
    (A RA, B RB, C RC; D RD, E RE)
    (A RA, B RB, C RC; D RD, E RE, F RF)
    (A RA, B RB, C RC, D RD; E RE, F RF, G RG)
    (A RA, B RB, C RC, D RD; E RE, F RF, G RG, H RH)
    (A RA, B RB, C RC, D RD, E RE; F RF, G RG, H RH, I RI)
    (A RA, B RB, C RC, D RD, E RE; F RF, G RG, H RH, I RI, J RJ)
    (A RA, B RB, C RC, D RD, E RE, F RF; G RG, H RH, I RI, J RJ, K RK)
    (A RA, B RB, C RC, D RD, E RE, F RF; G RG, H RH, I RI, J RJ, K RK, L RL)
}
