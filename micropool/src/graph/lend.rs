//! Cells that lend a node's result or a resource to the nodes that use it.
//!
//! The macro's edges already order the users of one value: shared ones together, an exclusive one alone. These
//! cells check it again at run time, with one atomic word each, so that soundness never rests on the macro: with
//! right edges no check fails, with wrong ones the node panics and nothing worse happens. A value is only lent to a
//! closure that takes it for *any* lifetime, so no reference to it can be kept anywhere.
//!
//! | type | holds | lends | `Sync` if |
//! |---|---|---|---|
//! | [`Lent`] | a result | `&T`, `&mut T`, `T` | `T: Send + Sync` |
//! | [`Moved`] | a result nobody reads by `&` | `&mut T`, `T` | `T: Send` |
//! | [`LentRef`] | `&T` | `&T` | `T: Sync` |
//! | [`LentMut`] | `&mut T` nobody reads by `&` | `&mut T` | `T: Send` |
//! | [`LentBoth`] | `&mut T` | `&T`, `&mut T` | `T: Send + Sync` |
#![allow(unsafe_code)]

use std::ops::Deref;

use super::block::{Block, Maybe};
use crate::sync::{AtomicU32, Ordering, UnsafeCell};

/// The word of a cell that is lent exclusively.
const EXCLUSIVE: u32 = u32::MAX;

/// The word of a cell that nothing was put in yet. Anything below is the number of shared users.
const EMPTY: u32 = u32::MAX - 1;

/// Counts the users of a cell. Purely a counter: it owns nothing.
#[derive(Debug)]
struct Flag(AtomicU32);

impl Flag {
    fn empty() -> Self {
        Self(AtomicU32::new(EMPTY))
    }

    fn filled() -> Self {
        Self(AtomicU32::new(0))
    }

    /// The word, if it is lent exclusively or empty.
    fn try_shared(&self) -> Result<Shared<'_>, u32> {
        // Ordering: Acquire pairs with the Release of `fill`, and of an `Exclusive` that ended: what was written is visible.
        let taken = self.0.fetch_update(Ordering::Acquire, Ordering::Relaxed, |users| {
            users.checked_add(1).filter(|&users| users < EMPTY)
        });
        taken.map(|_| Shared(self))
    }

    /// The word, if it is lent or empty.
    fn try_exclusive(&self) -> Result<Exclusive<'_>, u32> {
        // Ordering: Acquire pairs with the Release of `fill` and of every guard that ended: what was written is visible, and what shared
        // users read has been read.
        let taken = self.0.compare_exchange(0, EXCLUSIVE, Ordering::Acquire, Ordering::Relaxed);
        taken.map(|_| Exclusive(self))
    }

    fn shared(&self) -> Shared<'_> {
        self.try_shared().unwrap_or_else(|users| refused(users))
    }

    fn exclusive(&self) -> Exclusive<'_> {
        self.try_exclusive().unwrap_or_else(|users| refused(users))
    }
}

/// While it lives, every other user is shared too.
struct Shared<'a>(&'a Flag);

impl Drop for Shared<'_> {
    fn drop(&mut self) {
        // Ordering: Release pairs with the Acquire in `Flag::exclusive`. A later shared user's read-modify-write
        // continues the release sequence.
        self.0.0.fetch_sub(1, Ordering::Release);
    }
}

/// While it lives, there is no other user.
struct Exclusive<'a>(&'a Flag);

impl Drop for Exclusive<'_> {
    fn drop(&mut self) {
        // Ordering: Release pairs with the Acquire in `Flag::shared` and `Flag::exclusive`.
        self.0.0.store(0, Ordering::Release);
    }
}

#[cold]
fn refused(users: u32) -> ! {
    if users == EMPTY {
        empty();
    }
    panic!("micropool: internal error: two nodes use one value at the same time")
}

#[cold]
fn empty() -> ! {
    panic!("micropool: internal error: a node uses a value that isn't there")
}

#[cold]
fn full() -> ! {
    panic!("micropool: internal error: two results for one node")
}

/// A value lent shared.
pub struct Lease<'a, T> {
    /// Private, and given out for as long as the lease is borrowed: copied, it would outlive `_shared`.
    value: &'a T,
    _shared: Shared<'a>,
}

impl<T> Deref for Lease<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.value
    }
}

/// What both cells for results share. Not `Sync` by itself: each cell says under which bounds it is.
struct Slot<T> {
    flag: Flag,
    /// While the flag is `EMPTY`, the one `Fill`'s. Then written and lent mutably only under an `Exclusive`, lent shared only under a `Shared`.
    value: UnsafeCell<Option<T>>,
}

/// What puts a result into its cell: there is one for a cell, and it is used up, so that this takes no locked instruction.
pub struct Fill<'a, T>(&'a Slot<T>);

// SAFETY: it moves one `T` to the cell, wherever that is read.
unsafe impl<T: Send> Send for Fill<'_, T> {}

impl<T> Fill<'_, T> {
    /// Takes what the node left; whether it left a result.
    pub fn keep(self, result: Maybe<T>) -> bool {
        match result {
            Maybe::Some(value) => {
                self.put(value);
                true
            }
            Maybe::None => false,
        }
    }

    fn put(self, value: T) {
        let Slot { flag, value: place } = self.0;
        // Nobody else makes it `EMPTY`, or something else if it is, so this is no guess.
        if flag.0.load(Ordering::Relaxed) != EMPTY {
            full();
        }
        // SAFETY: while the flag is `EMPTY` nobody but the cell's `Fill` comes to the value, and this is that one. What is written
        // over is `None`. `only_one_fills` and `many_threads_take_turns` would see another come.
        place.with_mut(|place| unsafe { place.write(Some(value)) });
        // Ordering: Release pairs with the Acquire of `Flag::shared` and `Flag::exclusive`.
        flag.0.store(0, Ordering::Release);
    }
}

impl<T> Slot<T> {
    fn empty() -> Self {
        Self { flag: Flag::empty(), value: UnsafeCell::new(None) }
    }

    fn filled(value: T) -> Self {
        Self { flag: Flag::filled(), value: UnsafeCell::new(Some(value)) }
    }

    fn lease(&self) -> Lease<'_, T> {
        self.lease_under(self.flag.shared())
    }

    fn lease_under<'a>(&'a self, shared: Shared<'a>) -> Lease<'a, T> {
        // SAFETY: while `shared` lives nobody has a mutable reference to the value (each is made under an `Exclusive`), and
        // the lease gives the reference only for as long as it holds `shared`.
        let value = self.value.with(|value| unsafe { &*value });
        match value {
            Some(value) => Lease { value, _shared: shared },
            None => empty(),
        }
    }

    fn with_option<R>(&self, f: impl FnOnce(&mut Option<T>) -> R) -> R {
        self.with_option_under(self.flag.exclusive(), f)
    }

    fn with_option_under<R>(&self, _exclusive: Exclusive<'_>, f: impl FnOnce(&mut Option<T>) -> R) -> R {
        // SAFETY: while `_exclusive` lives nobody else has a reference to the value, and this one can't outlive
        // it: `f` takes it for any lifetime.
        self.value.with_mut(|value| f(unsafe { &mut *value }))
    }

    fn with_mut<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        self.with_option(|slot| match slot {
            Some(value) => f(value),
            None => empty(),
        })
    }

    fn take(&self) -> T {
        self.with_option(|slot| slot.take().unwrap_or_else(|| empty()))
    }
}

/// The methods that both cells for results have.
macro_rules! result_cell {
    ($cell:ident) => {
        impl<T> $cell<T> {
            /// An empty cell.
            #[must_use]
            pub fn new() -> Self {
                Self(Slot::empty())
            }

            /// The cell for those who use its result, and what puts it in.
            pub fn open(&mut self) -> (&Self, Fill<'_, T>) {
                // Borrowed exclusively, so that there is one `Fill` at a time.
                let this = &*self;
                (this, Fill(&this.0))
            }

            /// Lends the result exclusively.
            ///
            /// # Panics
            ///
            /// If there is none or the cell is in use: a bug in micropool.
            pub fn with_mut<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
                self.0.with_mut(f)
            }

            /// Takes the result out.
            ///
            /// # Panics
            ///
            /// If there is none or the cell is in use: a bug in micropool.
            pub fn take(&self) -> T {
                self.0.take()
            }

            /// The result, if it was put in and not taken out.
            pub fn into_inner(self) -> Maybe<T> {
                self.0.value.into_inner().into()
            }
        }

        impl<T> Default for $cell<T> {
            fn default() -> Self {
                Self::new()
            }
        }
    };
}

/// A node's result that some node reads by `&`.
pub struct Lent<T>(Slot<T>);

// SAFETY: a shared `Lent` gives `&T` to several threads at once (`T: Sync`), and `&mut T` and `T` to one thread at a
// time, as `Flag` sees to (`T: Send`).
unsafe impl<T: Send + Sync> Sync for Lent<T> {}

impl<T> Lent<T> {
    /// Lends the result to a reader.
    ///
    /// # Panics
    ///
    /// If there is none or the cell is lent exclusively: a bug in micropool.
    pub fn with_ref<R>(&self, f: impl FnOnce(&T) -> R) -> R {
        f(&self.lend())
    }
}

result_cell!(Lent);

/// A node's result that no node reads by `&`.
pub struct Moved<T>(Slot<T>);

// SAFETY: a shared `Moved` gives `&mut T` and `T` to one thread at a time, as `Flag` sees to, and never `&T`: its
// `Slot` is private and `Slot::lease` isn't called for it. Hence `T: Send` is enough, as for a `Mutex`.
unsafe impl<T: Send> Sync for Moved<T> {}

result_cell!(Moved);

/// A resource lent shared.
#[derive(Debug)]
pub struct LentRef<'a, T>(&'a T);

impl<'a, T> LentRef<'a, T> {
    /// Lends `value` for the length of the block.
    #[must_use]
    pub const fn new(value: &'a T) -> Self {
        Self(value)
    }

    /// Lends it to a reader.
    pub fn with_ref<R>(&self, f: impl FnOnce(&T) -> R) -> R {
        f(self.0)
    }
}

/// A resource lent exclusively, which no node reads by `&`.
pub struct LentMut<'a, T>(Moved<&'a mut T>);

impl<'a, T> LentMut<'a, T> {
    /// Lends `value` for the length of the block.
    pub fn new(value: &'a mut T) -> Self {
        Self(Moved(Slot::filled(value)))
    }

    /// Lends it to its one user.
    ///
    /// # Panics
    ///
    /// If it is in use: a bug in micropool.
    pub fn with_mut<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        self.0.with_mut(|value| f(value))
    }
}

/// A resource lent exclusively to some nodes and shared to others.
pub struct LentBoth<'a, T>(Lent<&'a mut T>);

impl<'a, T> LentBoth<'a, T> {
    /// Lends `value` for the length of the block.
    pub fn new(value: &'a mut T) -> Self {
        Self(Lent(Slot::filled(value)))
    }

    /// Lends it to a reader.
    ///
    /// # Panics
    ///
    /// If it is lent exclusively: a bug in micropool.
    pub fn with_ref<R>(&self, f: impl FnOnce(&T) -> R) -> R {
        f(&self.lend())
    }

    /// Lends it to its one user.
    ///
    /// # Panics
    ///
    /// If it is in use: a bug in micropool.
    pub fn with_mut<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        self.0.with_mut(|value| f(value))
    }
}

/// What lends a value shared: a cell, or in the nested form a local.
///
/// By a lease and not to a closure: closures in closures would take rustc a function of its own for each input of each node.
pub trait Read {
    /// The value's type.
    type Value;

    /// Gives the value for as long as it lives.
    type Lease<'a>: Deref<Target = Self::Value>
    where
        Self: 'a;

    /// Lends the value.
    fn lend(&self) -> Self::Lease<'_>;
}

impl<T> Read for Lent<T> {
    type Value = T;
    type Lease<'a>
        = Lease<'a, T>
    where
        Self: 'a;
    fn lend(&self) -> Lease<'_, T> {
        self.0.lease()
    }
}

impl<'value, T> Read for LentRef<'value, T> {
    type Value = T;
    type Lease<'a>
        = &'value T
    where
        Self: 'a;
    fn lend(&self) -> &'value T {
        self.0
    }
}

impl<T> Read for LentBoth<'_, T> {
    type Value = T;
    type Lease<'a>
        = Lease<'a, T>
    where
        Self: 'a;
    fn lend(&self) -> Lease<'_, T> {
        let Lease { value, _shared } = self.0.lend();
        Lease { value, _shared }
    }
}

/// A result that is kept in a local, as the nested form does.
impl<T> Read for Maybe<T> {
    type Value = T;
    type Lease<'a>
        = &'a T
    where
        Self: 'a;
    fn lend(&self) -> &T {
        match self {
            Maybe::Some(value) => value,
            Maybe::None => empty(),
        }
    }
}

/// What lends several values at once, to a closure that takes them for any lifetime: nothing it returns borrows from one.
macro_rules! read_many {
    ($($name:ident $name_try:ident: $($cell:ident)*;)*) => {
        $(
            /// Lends so many values at once.
            #[allow(clippy::too_many_arguments, non_snake_case)]
            pub fn $name<$($cell: Read,)* R>($($cell: &$cell,)* f: impl FnOnce($(&$cell::Value),*) -> R) -> R {
                $(let $cell = $cell.lend();)*
                f($(&$cell),*)
            }
        )*

        /// Runs a node that reads so many values. (Calls of these are shorter than of `run` with a closure around; and with each
        /// closure rustc looks at the whole of the user's function once more.)
        impl<Error> Block<Error> {
            $(
                /// Of a node that can only fail by a panic.
                #[allow(clippy::too_many_arguments, non_snake_case)]
                pub fn $name<$($cell: Read,)* T>(
                    &self,
                    node: u32,
                    $($cell: &$cell,)*
                    f: impl FnOnce($(&$cell::Value),*) -> T,
                ) -> Maybe<T> {
                    self.run(node, || {
                        $(let $cell = $cell.lend();)*
                        f($(&$cell),*)
                    })
                }

                /// Of a node that may fail.
                #[allow(clippy::too_many_arguments, non_snake_case)]
                pub fn $name_try<$($cell: Read,)* T>(
                    &self,
                    node: u32,
                    $($cell: &$cell,)*
                    f: impl FnOnce($(&$cell::Value),*) -> Result<T, Error>,
                ) -> Maybe<T> {
                    self.run_try(node, || $name($($cell,)* f))
                }
            )*
        }
    };
}

read_many! {
    read1 read1_try: A;
    read2 read2_try: A B;
    read3 read3_try: A B C;
    read4 read4_try: A B C D;
    read5 read5_try: A B C D E;
    read6 read6_try: A B C D E F;
    read7 read7_try: A B C D E F G;
    read8 read8_try: A B C D E F G H;
    read9 read9_try: A B C D E F G H I;
    read10 read10_try: A B C D E F G H I J;
    read11 read11_try: A B C D E F G H I J K;
    read12 read12_try: A B C D E F G H I J K L;
}

/// Lends a result that is kept in a local exclusively.
///
/// # Panics
///
/// If there is none, which is a bug in micropool.
pub fn lend_mut<T, R>(result: &mut Maybe<T>, f: impl FnOnce(&mut T) -> R) -> R {
    match result {
        Maybe::Some(value) => f(value),
        Maybe::None => empty(),
    }
}

#[cfg(all(loom, test))]
mod loom_models;

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    fn refused(f: impl FnOnce()) {
        let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("the check must fail");
        let message = payload.downcast_ref::<&str>().expect("a message");
        assert!(message.starts_with("micropool: internal error"), "{message}");
    }

    fn filled<T>(value: T) -> Lent<T> {
        let mut cell = Lent::new();
        assert!(cell.open().1.keep(Maybe::Some(value)));
        cell
    }

    #[test]
    fn a_result_goes_in_is_lent_and_comes_out() {
        let cell = filled(String::from("a"));
        cell.with_mut(|text| text.push('b'));
        assert_eq!(cell.with_ref(|one| cell.with_ref(|two| one.len() + two.len())), 4);
        assert_eq!(cell.take(), "ab");
        assert_eq!(cell.into_inner(), Maybe::None);
    }

    #[test]
    fn a_node_without_a_result_leaves_its_cell_empty() {
        let mut cell = Moved::<u8>::new();
        let (lent, fill) = cell.open();
        refused(|| lent.with_mut(|_| ()));
        assert!(!fill.keep(Maybe::None));
        refused(|| lent.with_mut(|_| ()));
        refused(|| assert_eq!(lent.take(), 0, "refused"));
        assert_eq!(cell.into_inner(), Maybe::None);
    }

    #[test]
    fn only_one_fills() {
        let mut cell = filled(1_u8);
        refused(|| assert!(cell.open().1.keep(Maybe::Some(2))));
        assert_eq!(cell.take(), 1);
        // What was taken out isn't put in again.
        refused(|| assert!(cell.open().1.keep(Maybe::Some(2))));
        assert_eq!(cell.into_inner(), Maybe::None);
    }

    #[test]
    fn conflicts_are_refused_and_leave_the_cell_as_it_was() {
        let empty = Lent::new();
        refused(|| empty.with_ref(|_: &u8| ()));
        let cell = filled(1_u8);
        cell.with_ref(|_| refused(|| cell.with_mut(|_| ())));
        cell.with_mut(|_| refused(|| cell.with_ref(|_| ())));
        cell.with_mut(|_| refused(|| cell.with_mut(|_| ())));
        cell.with_ref(|_| refused(|| assert_eq!(cell.take(), 0, "refused")));
        assert_eq!(cell.take(), 1);
        refused(|| assert_eq!(cell.take(), 0, "refused"));
    }

    #[test]
    fn a_panicking_user_gives_the_cell_back() {
        let cell = filled(0_u8);
        assert!(catch_unwind(AssertUnwindSafe(|| cell.with_mut(|_| panic!("user")))).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| cell.with_ref(|_| panic!("user")))).is_err());
        cell.with_mut(|value| *value = 9);
        assert_eq!(cell.into_inner(), Maybe::Some(9));
    }

    #[test]
    fn resources() {
        let mut number = 1_u32;
        let lent = LentBoth::new(&mut number);
        lent.with_mut(|number| *number += 1);
        lent.with_ref(|number| refused(|| lent.with_mut(|other| *other = *number)));
        let lent = LentMut::new(&mut number);
        lent.with_mut(|number| *number += 1);
        assert_eq!(LentRef::new(&number).with_ref(|number| *number), 3);
    }

    #[test]
    fn many_threads_take_turns() {
        let mut kept = Moved::new();
        let (cell, fill) = kept.open();
        let turn = AtomicU32::new(0);
        let wait_for = |number| {
            while turn.load(Ordering::Relaxed) != number {
                std::thread::yield_now();
            }
        };
        // A thread for each. (Not std's scope: what drops its last reference may be std's own code, which ThreadSanitizer doesn't see.)
        let pool = crate::ThreadPoolBuilder::new().num_threads(5).build().expect("a pool");
        pool.scope(|scope| {
            let (turn, wait_for) = (&turn, &wait_for);
            for me in 1..5 {
                scope.spawn(move || {
                    for round in 0..200 {
                        wait_for(round * 4 + me);
                        // The turns are Relaxed: the cell's own words make what was written visible.
                        cell.with_mut(|value| *value += 1);
                        turn.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            scope.spawn(move || {
                assert!(fill.keep(Maybe::Some(0_u64)));
                turn.fetch_add(1, Ordering::Relaxed);
            });
        });
        assert_eq!(kept.into_inner(), Maybe::Some(800));
    }
}
