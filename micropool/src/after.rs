//! Tasks that come after several others: what the macros expand `#[after]` parameters and background nodes into.

use crate::task::{SharedTask, Task, current_pool, spawn_ordered};
use crate::unit::Unit;
use std::sync::Arc;

mod sealed {
    pub trait Sealed {}
}

/// A task that another may come after, by its handle.
pub trait AnyTask: sealed::Sealed {
    #[doc(hidden)]
    fn unit(&self) -> UnitHandle;
}

/// What [`AnyTask::unit`] gives: nothing to be used from outside.
#[allow(missing_debug_implementations)]
pub struct UnitHandle(Arc<dyn Unit>);

impl<T> sealed::Sealed for Task<T> {}
impl<T> AnyTask for Task<T> {
    fn unit(&self) -> UnitHandle {
        UnitHandle(self.unit())
    }
}

impl<T> sealed::Sealed for SharedTask<T> {}
impl<T> AnyTask for SharedTask<T> {
    fn unit(&self) -> UnitHandle {
        UnitHandle(self.unit())
    }
}

/// A task, or a tuple of them or of tuples, consumed for the values.
pub trait AfterValues: sealed::Sealed + Send + 'static {
    /// The values.
    type Values;

    #[doc(hidden)]
    fn units(&self) -> Vec<UnitHandle>;

    /// The values of tasks that are over; the first panic goes on.
    #[doc(hidden)]
    fn values(self) -> Self::Values;
}

impl<T: Send + 'static> AfterValues for Task<T> {
    type Values = T;
    fn units(&self) -> Vec<UnitHandle> {
        vec![AnyTask::unit(self)]
    }
    fn values(mut self) -> T {
        self.value_when_over()
    }
}

macro_rules! tuples {
    ($(($($t:ident)*))*) => {$(
        impl<$($t: AfterValues),*> sealed::Sealed for ($($t,)*) {}
        #[allow(non_snake_case, clippy::unused_unit)]
        impl<$($t: AfterValues),*> AfterValues for ($($t,)*) {
            type Values = ($($t::Values,)*);
            fn units(&self) -> Vec<UnitHandle> {
                let ($($t,)*) = self;
                let units: Vec<Vec<UnitHandle>> = vec![$($t.units()),*];
                units.into_iter().flatten().collect()
            }
            fn values(self) -> Self::Values {
                let ($($t,)*) = self;
                ($($t.values(),)*)
            }
        }
    )*};
}

tuples! { () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) }

/// A background task that starts when all of `values` and of `order` are over; `f` gets the values. No thread waits.
///
/// A task of `values` that panicked hands its payload on; one of `order` that panicked makes this one panic with a copy
/// of the message. If any was cancelled, so is this one.
pub fn spawn_after<V, F, R>(values: V, order: &[&dyn AnyTask], f: F) -> Task<R>
where
    V: AfterValues,
    F: FnOnce(V::Values) -> R + Send + 'static,
    R: Send + 'static,
{
    let order: Vec<Arc<dyn Unit>> = order.iter().map(|task| task.unit().0).collect();
    let mut predecessors: Vec<Arc<dyn Unit>> = values.units().into_iter().map(|unit| unit.0).collect();
    predecessors.extend(order.iter().cloned());
    spawn_ordered(&current_pool(), &predecessors, move || {
        let values = values.values();
        if let Some(message) = order.iter().find_map(|unit| unit.header().panic_message()) {
            panic!("micropool: a task that this one comes after panicked: {message}");
        }
        drop(order);
        f(values)
    })
}

/// As [`spawn_after`], with a handle that can be cloned and joined many times.
pub fn spawn_shared_after<V, F, R>(values: V, order: &[&dyn AnyTask], f: F) -> SharedTask<R>
where
    V: AfterValues,
    F: FnOnce(V::Values) -> R + Send + 'static,
    R: Send + Sync + 'static,
{
    spawn_after(values, order, f).share()
}
