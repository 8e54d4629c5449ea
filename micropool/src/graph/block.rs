//! One run of a block: which of its nodes failed, and what leaves it for that.
//!
//! A node fails by a panic or, in `try_parallel!`, by an error. All nodes that don't depend on it still run, so
//! several may fail in one run; the one that stands highest in the source wins, whatever happened first in time.
//! That makes the outcome the same on every run and with any number of threads.
//!
//! The small functions at the end are what the macros wrap a user's expression in. Each takes it as a closure of
//! its own, so that `?`, `return` and `break` can't leave the node.

// std's lock and not `sync.rs`'s: it is taken only when a node fails, and its constructor is `const`.
use std::any::Any;
use std::convert::Infallible;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, PoisonError};

use crate::after::{AfterValues, AnyTask};
use crate::current;
use crate::join::{join_here, join_ranked};
use crate::panic::{Held, drop_quietly};
use crate::task::{Task, task_done};
use crate::trace::Parent;

/// One run of a block. Its methods are what the expansion calls with closures of the user's: a method's name has no path in
/// front that would draw an error about the closure away from the user's expression.
#[derive(Debug)]
pub struct Block<E> {
    names: &'static [&'static str],
    parent: Parent,
    highest: Mutex<Maybe<(u32, Failure<E>)>>,
}

/// A node's result, unless it failed or didn't run. It is an `Option` of our own: in each message about a result that isn't `Send`
/// rustc would show where std declares its one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Maybe<T> {
    /// There is one.
    Some(T),
    /// There is none.
    None,
}

impl<T> From<Option<T>> for Maybe<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Self::Some)
    }
}

/// What the highest failing node left behind.
#[derive(Debug)]
pub enum Failure<E> {
    /// The payload of its panic.
    Panic(Box<dyn Any + Send>),
    /// The error it returned.
    Error(E),
}

impl<E> Block<E> {
    /// A run without failures yet, of nodes with these names.
    #[must_use]
    pub fn new(names: &'static [&'static str]) -> Self {
        Self { names, parent: Parent::here(), highest: Mutex::new(Maybe::None) }
    }

    /// Runs a node that can only fail by a panic. `None` if it did, or if by [`given`] it may not run.
    pub fn run<T>(&self, node: u32, f: impl FnOnce() -> T) -> Maybe<T> {
        let (mut f, mut result) = (Some(f), Maybe::None);
        self.attempt(node, &mut |may| match f.take() {
            Some(f) if may => result = Maybe::Some(f()),
            // What it has captured ends here.
            f => drop(f),
        });
        result
    }

    /// Tells the node whether it may run, and catches its panic. By `dyn`: six functions of std's for each node of a big graph take rustc
    /// seconds.
    fn attempt(&self, node: u32, f: &mut dyn FnMut(bool)) {
        if node == NOT_RUN {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| f(false))) {
                drop_quietly(payload);
            }
            return;
        }
        let _span = self.parent.node(self.names, node);
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| f(true))) {
            self.record(node, Failure::Panic(payload));
        }
    }

    /// Runs a node that can fail by a panic or by an error. `None` if it did, or if by [`given`] it may not run.
    pub fn run_try<T>(&self, node: u32, f: impl FnOnce() -> Result<T, E>) -> Maybe<T> {
        match self.run(node, f) {
            Maybe::Some(Ok(value)) => Maybe::Some(value),
            Maybe::Some(Err(error)) => {
                self.record(node, Failure::Error(error));
                Maybe::None
            }
            Maybe::None => Maybe::None,
        }
    }

    /// A closure that is bound before it is handed on: here rustc learns that it is called once, so what it gives may borrow
    /// mutably from its surroundings, or be taken out of them.
    #[inline]
    #[must_use]
    pub fn once<T, F: FnOnce() -> T>(&self, f: F) -> F {
        f
    }

    /// `join` of two branches: `rank` is the length of the way to the end from the most urgent node of `b`.
    #[inline]
    pub fn fork<A, B, RA, RB>(&self, rank: u32, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce() -> RA + Send,
        B: FnOnce() -> RB + Send,
        RA: Send,
        RB: Send,
    {
        match current::seat() {
            Some(seat) => join_ranked::<true, _, _, _, _>(seat, rank, a, b),
            None => join_here(a, b),
        }
    }

    /// As [`fork`](Self::fork), where `a` begins with another fork and nothing else: that one offers the branches of both.
    #[inline]
    pub fn fork_outer<A, B, RA, RB>(&self, rank: u32, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce() -> RA + Send,
        B: FnOnce() -> RB + Send,
        RA: Send,
        RB: Send,
    {
        match current::seat() {
            Some(seat) => join_ranked::<false, _, _, _, _>(seat, rank, a, b),
            None => join_here(a, b),
        }
    }

    /// Spawns a background node.
    pub fn spawn<T, F>(&self, node: u32, f: F) -> Task<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        crate::after::spawn_after(self.names[node as usize], (), &[], |()| f())
    }

    /// Spawns a background node with an `if`, which was false if there is no closure.
    pub fn spawn_some<T, F>(&self, node: u32, f: Option<F>) -> Task<Option<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        match f {
            Some(f) => self.spawn(node, || Some(f())),
            None => task_done(None),
        }
    }

    /// Spawns a background node that comes after others.
    pub fn spawn_after<V, F, T>(&self, node: u32, values: V, order: &[&dyn AnyTask], f: F) -> Task<T>
    where
        V: AfterValues,
        F: FnOnce(V::Values) -> T + Send + 'static,
        T: Send + 'static,
    {
        crate::after::spawn_after(self.names[node as usize], values, order, f)
    }

    /// The highest failure, if there is one. The caller drops what the run has made before it lets it go on.
    ///
    /// # Errors
    ///
    /// If a node failed.
    pub fn finish(self) -> Result<(), Failure<E>> {
        match self.highest.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Maybe::None => Ok(()),
            Maybe::Some((_, failure)) => Err(failure),
        }
    }

    #[cold]
    fn record(&self, node: u32, failure: Failure<E>) {
        let mut highest = self.highest.lock().unwrap_or_else(PoisonError::into_inner);
        let loser = match &*highest {
            Maybe::Some((other, _)) if *other <= node => Maybe::Some((node, failure)),
            _ => mem::replace(&mut *highest, Maybe::Some((node, failure))),
        };
        // A payload's or an error's `Drop` is the user's code: not under the lock.
        drop(highest);
        drop_quietly(loser);
    }
}

impl<E> Failure<E> {
    /// Goes on with the panic, or returns the error.
    ///
    /// # Panics
    ///
    /// If the node panicked, with its payload.
    pub fn error_or_unwind(self) -> E {
        match self {
            Failure::Panic(payload) => resume_unwind(payload),
            Failure::Error(error) => error,
        }
    }
}

impl Failure<Infallible> {
    /// Goes on with the panic.
    ///
    /// # Panics
    ///
    /// Always, with the payload of the node that panicked.
    pub fn unwind(self) -> ! {
        match self.error_or_unwind() {}
    }
}

/// The end of a `parallel!` block: its value made of `results`, or the panic of the highest failing node.
///
/// # Panics
///
/// If a node panicked, with its payload, after `results` were dropped.
pub fn finish<R: Results, V>(block: Block<Infallible>, results: R, value: impl FnOnce(R) -> V) -> V {
    match block.finish() {
        Ok(()) => value(results),
        Err(failure) => {
            R::end(results);
            failure.unwind()
        }
    }
}

/// The end of a `try_parallel!` block: its value made of `results`, or the highest failing node's error or panic.
///
/// # Errors
///
/// The highest failing node's.
///
/// # Panics
///
/// If the highest failing node panicked, with its payload, after `results` were dropped.
pub fn finish_try<R: Results, V, E>(block: Block<E>, results: R, value: impl FnOnce(R) -> V) -> Result<V, E> {
    match block.finish() {
        Ok(()) => Ok(value(results)),
        Err(failure) => {
            R::end(results);
            Err(failure.error_or_unwind())
        }
    }
}

/// The number of a node that doesn't run because one that it needs failed.
const NOT_RUN: u32 = u32::MAX;

/// The node's number, or what tells `run` not to run it. The node's closure is made in any case: so `run` can end what it has
/// captured, each node's by itself and where a panic in a `Drop` goes no further.
#[must_use]
pub fn given(may: bool, node: u32) -> u32 {
    if may { node } else { NOT_RUN }
}

/// A result on its way into another node. If it doesn't arrive, a panic in its `Drop` goes no further: several such panics at once
/// would abort the process, and one would replace the failure that leaves the block.
pub fn held<T>(result: Maybe<T>) -> Held<Maybe<T>> {
    Held::new(result)
}

/// The result that a node was given.
///
/// # Panics
///
/// As [`value`].
pub fn arrived<T>(result: Held<Maybe<T>>) -> T {
    value(result.release())
}

/// What the nodes of a block left, in pairs of pairs. (A tuple of what has a `Drop` of its own takes rustc minutes where nodes are many.)
pub trait Results {
    /// Ends each by itself, where a panic in its `Drop` goes no further. (No method: rustc would propose it to users.)
    fn end(results: Self);
}

impl Results for () {
    fn end((): Self) {}
}

impl<T> Results for Maybe<T> {
    fn end(result: Self) {
        drop_quietly(result);
    }
}

impl<L: Results, R: Results> Results for (L, R) {
    fn end((left, right): Self) {
        L::end(left);
        R::end(right);
    }
}

/// Whether a node ran and didn't fail.
pub fn ran<T>(result: &Maybe<T>) -> bool {
    matches!(result, Maybe::Some(_))
}

/// The result of a node that didn't fail.
///
/// # Panics
///
/// If there is none, which is a bug in micropool.
pub fn value<T>(result: Maybe<T>) -> T {
    match result {
        Maybe::Some(value) => value,
        Maybe::None => panic!("micropool: internal error: a node without a result"),
    }
}

/// A node's expression.
pub fn call<T>(f: impl FnOnce() -> T) -> T {
    f()
}

/// The result of a node that is off by `cfg`. (Written out, clippy calls it unneeded.)
pub fn off() {}

/// A node's `if`.
pub fn condition(f: impl FnOnce() -> bool) -> bool {
    f()
}

/// A node named `_`: its result is dropped at once, as by `let _ = …`.
pub fn effect<T>(f: impl FnOnce() -> T) {
    drop(f());
}

/// A node named `_` that may fail.
///
/// # Errors
///
/// The node's own.
pub fn effect_try<T, E>(f: impl FnOnce() -> Result<T, E>) -> Result<(), E> {
    f().map(drop)
}

/// A node with an `if`.
pub fn when<T>(condition: bool, f: impl FnOnce() -> T) -> Option<T> {
    condition.then(f)
}

/// A node with an `if` that may fail.
///
/// # Errors
///
/// The node's own.
pub fn when_try<T, E>(condition: bool, f: impl FnOnce() -> Result<T, E>) -> Result<Option<T>, E> {
    condition.then(f).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_node_wins_in_any_order() {
        for order in [[1, 2], [2, 1]] {
            let block = Block::<u32>::new(&["a", "b", "c", "d"]);
            for node in order {
                assert_eq!(block.run_try::<()>(node, || Err(node * 10)), Maybe::None);
            }
            assert_eq!(block.run(0, || 7), Maybe::Some(7));
            match block.finish() {
                Err(Failure::Error(error)) => assert_eq!(error, 10),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_panic_keeps_its_payload() {
        let block = Block::<Infallible>::new(&["a", "b", "c", "d"]);
        assert_eq!(block.run::<()>(3, || resume_unwind(Box::new(42_u8))), Maybe::None);
        let failure = block.finish().unwrap_err();
        let payload = catch_unwind(AssertUnwindSafe(|| failure.unwind())).unwrap_err();
        assert_eq!(payload.downcast_ref::<u8>(), Some(&42));
    }

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            resume_unwind(Box::new(Bomb));
        }
    }

    #[test]
    fn a_panicking_drop_is_contained() {
        drop_quietly(Bomb);
        let block = Block::<Infallible>::new(&["a", "b", "c", "d"]);
        block.run::<()>(1, || resume_unwind(Box::new(Bomb)));
        block.run::<()>(0, || resume_unwind(Box::new(1_u8)));
        match block.finish() {
            Err(Failure::Panic(payload)) => assert!(payload.is::<u8>()),
            _ => panic!("no failure"),
        }
    }
}
