//! The one boundary around user code.
//!
//! Every call of user code by a thread that is not its caller passes [`catch`], so that a panic is carried to whoever
//! waits. What is thrown away (a second payload, a result that nobody gets) is dropped through [`drop_quietly`]: a panic
//! in its `Drop` is reported by the panic hook and goes no further.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) type Payload = Box<dyn Any + Send>;

/// Runs user code; its panic becomes an `Err`.
///
/// Unwind safety: whoever gets the `Err` re-raises it or hands it to the user, and touches nothing that the closure left half done.
#[inline]
pub(crate) fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Payload> {
    catch_unwind(AssertUnwindSafe(f))
}

/// Drops a value of the user's that nobody will see; a panic in its `Drop` ends here.
pub(crate) fn drop_quietly<T>(value: T) {
    if !std::mem::needs_drop::<T>() {
        return;
    }
    if let Err(payload) = catch(move || drop(value)) {
        // A payload whose own `Drop` panics could go on for ever: the second one is given up.
        if let Err(second) = catch(move || drop(payload)) {
            std::mem::forget(second);
        }
    }
}

/// Holds a result while other user code runs: if that unwinds, the result is dropped without a second panic.
#[derive(Debug)]
pub struct Held<T>(Option<T>);

impl<T> Held<T> {
    #[inline]
    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }

    #[inline]
    pub(crate) fn release(mut self) -> T {
        self.0.take().expect("held until released")
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        if let Some(value) = self.0.take() {
            drop_quietly(value);
        }
    }
}

/// The words of a panic, as far as it has any.
pub(crate) fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "a panic whose payload is not a string"
    }
}

/// Ends the process if our own code (never the user's) unwinds through it: a thread that left a protocol half way would
/// leave others with pointers to frames that are gone.
pub(crate) struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        if crate::sync::MODEL {
            // A model that has failed unwinds through here.
            return;
        }
        eprintln!("micropool: internal error: a panic left a protocol half done; please report it");
        std::process::abort();
    }
}
