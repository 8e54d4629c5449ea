//! A thread pool for games and other low-latency programs, and a task-graph layer of macros on top.
//!
//! ```
//! // plain functions
//! let (a, b) = micropool::join(|| 1 + 1, || 2 + 2);
//! assert_eq!((a, b), (2, 4));
//!
//! // parallel iterators
//! use micropool::iter::*;
//! let data = [1_u64, 2, 3];
//! let sum = data.par_iter().with_thread_pool(micropool::split_by_threads()).sum::<u64>();
//! assert_eq!(sum, 6);
//!
//! // background work
//! let task = micropool::spawn(|| 2 + 2);
//! println!("Is my task complete yet? {}", task.complete());
//! println!("The result: {}", task.join());
//!
//! // a graph of nodes that run one after another as far as one needs another, and else at the same time
//! # #[cfg(feature = "macros")] {
//! let frame = micropool::parallel! {
//!     input           => 2,
//!     physics(input)  => input * 10,
//!     audio(input)    => input + 1,
//!     render(physics) => format!("at {physics}"),
//! };
//! assert_eq!((&*frame.render, frame.audio), ("at 20", 3));
//! # }
//! ```
//!
//! | for | there is |
//! |---|---|
//! | two closures, several, any number that borrow | [`join`], [`join_all`], [`scope`] |
//! | loops | [`iter`] and the splits, of which [`Split`] is a loop over ranges too |
//! | what a frame doesn't wait for | [`spawn`], [`spawn_shared`] |
//! | graphs | `parallel!`, `try_parallel!` (feature `macros`, on by default) |
//! | functions that are jobs | `#[job]` (the same feature) |
//! | a pool of one's own | [`ThreadPoolBuilder`] |
//! | timelines | the feature `tracing`: spans and events through the `tracing` crate |
//!
//! All free functions act on the *current pool*: the innermost [`ThreadPool::install`], else the pool whose worker this thread is,
//! else the global pool, built with defaults on first use. `MICROPOOL_NUM_THREADS` in the environment says how many workers
//! are the default.
//!
//! While a thread waits here, it computes, and only what it waits for: jobs that were made, directly or through others, by that very
//! job. So a lock held across a call isn't asked for again by other work on the same thread. [`yield_to_foreground`] and
//! [`help_background`] run other work because they ask for it; and a worker that waits for its [`broadcast()`] makes the calls of others.
//!
//! A function whose documentation has no section *Panics* doesn't panic.
//!
//! # Inside
//!
//! A job's way through the code: what a user calls → `opened`, `run_unit` → `seat`, `slot`, `word` → `segment`, `steal` → `wait`,
//! `wake`, `sleep`. A file imports files below it. `ARCHITECTURE.md` says how it works and why.

#![deny(unsafe_code)]

#[cfg(all(loom, test))]
#[allow(unsafe_code)]
mod loom_support;
mod platform;
mod priority;
#[cfg(not(any(loom, shuttle)))]
mod queue;
mod sync;
mod trace;

mod panic;
#[allow(unsafe_code)]
mod table;
mod word;

mod sleep;

mod latch;
mod segment;
#[allow(unsafe_code)]
mod slot;

mod habit;
mod offers;
#[allow(unsafe_code)]
mod seat;

mod background;
mod config;
#[allow(unsafe_code)]
mod shared;
#[allow(unsafe_code)]
mod unit;

mod ancestry;
mod spin;
mod steal;
mod wait;
mod wake;

#[allow(unsafe_code)]
mod broadcast;
mod current;
mod cut;
mod opened;
#[allow(unsafe_code)]
mod pieces;
#[allow(unsafe_code)]
mod places;
mod run_unit;
mod runs;

mod after;
// What the macros expand into is nothing to print.
#[allow(missing_debug_implementations)]
mod graph;
#[allow(unsafe_code)]
mod join;
mod join_all;
#[allow(unsafe_code)]
mod loops;
mod scope;
mod split;
mod task;
mod task_end;

mod builder;
mod chunks;
mod global;
pub mod iter;
#[cfg(feature = "macros")]
mod macros;
mod pool;
mod worker;
mod worth;

pub use builder::{BuildError, ThreadPoolBuilder, WorkerThread};
pub use join::join;
pub use join_all::{JoinAll, join_all};
pub use pool::{
    AwakeGuard, ThreadPool, broadcast, current_thread_index, help_background, keep_awake, num_threads,
    yield_to_foreground,
};
pub use priority::BackgroundPriority;
pub use scope::{Scope, ScopedTask, scope};
pub use split::{Split, split_by, split_by_threads, split_per, split_per_item};
pub use task::{SharedTask, SharedTaskFuture, Task, cancelled, spawn, spawn_shared};

/// # Examples
///
/// A function that is one step of the program, wherever it runs. A call costs what it cost before; a timeline (feature `tracing`) shows it
/// by its name, within the node, the task or the other job that called it. Borrowed arguments, `?`, `return` and recursion are as in any
/// function:
///
/// ```
/// #[micropool::job]
/// fn longest<'a>(words: &[&'a str]) -> Option<&'a str> {
///     match words {
///         [] | [_] => words.first().copied(),
///         _ => {
///             let (left, right) = words.split_at(words.len() / 2);
///             let (left, right) = micropool::join(|| longest(left), || longest(right));
///             let (left, right) = (left?, right?);
///             Some(if right.len() > left.len() { right } else { left })
///         }
///     }
/// }
///
/// assert_eq!(longest(&["load", "decode", "show"]), Some("decode"));
/// ```
///
/// A chain of steps in the background. A parameter marked `#[after]` takes a task of the caller and gives the body its
/// result; the call returns at once, and no thread waits for the step before:
///
/// ```
/// use micropool::Task;
///
/// #[micropool::job(background)]
/// fn load(name: &'static str) -> Vec<u8> {
///     name.bytes().collect()
/// }
///
/// #[micropool::job(background)]
/// fn checksum(#[after] bytes: Vec<u8>, seed: u32) -> u32 {
///     bytes.iter().fold(seed, |sum, &byte| sum + u32::from(byte))
/// }
///
/// let sum: Task<u32> = checksum(load("ab"), 5);
/// assert_eq!(sum.join(), 200);
/// ```
///
/// A method, which takes `self` by value or in an `Arc`, for the task outlives the call; and a function for any type, which says that it is
/// `Send + 'static`. A job that can fail gives its `Result` to whoever joins the task:
///
/// ```
/// use std::sync::Arc;
///
/// struct Store { greeting: String }
///
/// impl Store {
///     #[micropool::job(background)]
///     fn greet(self: Arc<Self>, name: &'static str) -> String {
///         format!("{}, {name}", self.greeting)
///     }
/// }
///
/// #[micropool::job(background)]
/// fn parse<T: std::str::FromStr + Send + 'static>(text: String) -> Result<T, String> {
///     text.parse().map_err(|_| format!("{text:?} isn't what it should be"))
/// }
///
/// let store = Arc::new(Store { greeting: String::from("hello") });
/// let (greeting, number) = (store.clone().greet("world"), parse::<u8>(String::from("300")));
/// assert_eq!(greeting.join(), "hello, world");
/// assert_eq!(number.join(), Err(String::from("\"300\" isn't what it should be")));
/// ```
///
/// A result that several wait for:
///
/// ```
/// #[micropool::job(background, shared)]
/// fn atlas(size: u32) -> Vec<u32> {
///     (0..size).collect()
/// }
///
/// let first = atlas(3);
/// let second = first.clone();
/// assert_eq!(first.join().len() + second.join().len(), 6);
/// ```
///
/// A method that runs where it is called, with the threads of a pool of its own, and is `mip maps` in timelines:
///
/// ```
/// use micropool::{ThreadPool, ThreadPoolBuilder};
///
/// struct Texture { levels: Vec<Vec<u8>>, pool: ThreadPool }
///
/// impl Texture {
///     #[micropool::job(pool = &self.pool, name = "mip maps")]
///     fn halve(&mut self, wanted: usize) {
///         while self.levels.len() < wanted {
///             let next = self.levels.last().expect("a texture has a level").iter().step_by(2).copied().collect();
///             self.levels.push(next);
///         }
///     }
/// }
///
/// let pool = ThreadPoolBuilder::new().num_threads(1).build()?;
/// let mut texture = Texture { levels: vec![vec![1, 2, 3, 4]], pool };
/// texture.halve(3);
/// assert_eq!(texture.levels[2], [1]);
/// # Ok::<(), micropool::BuildError>(())
/// ```
///
/// A background job on a pool of its own; its expression may name parameters. Of one that holds the pool it takes a clone, for the pool
/// stays borrowed until the job is spawned, and the parameters move into it before. `crate = path` finds micropool under the name that the
/// manifest or a re-export gives it:
///
/// ```
/// mod engine {
///     pub extern crate micropool as threads;
/// }
///
/// #[micropool::job(background, pool = &pool.clone(), crate = engine::threads)]
/// fn workers(pool: std::sync::Arc<micropool::ThreadPool>, twice: usize) -> usize {
///     drop(pool);
///     micropool::num_threads() * twice
/// }
///
/// let pool = std::sync::Arc::new(micropool::ThreadPoolBuilder::new().num_threads(3).build()?);
/// assert_eq!(workers(pool.clone(), 2).join(), 6);
/// # Ok::<(), micropool::BuildError>(())
/// ```
///
/// # What it expands into
///
/// The function keeps its name, its attributes, its visibility and its generics; its body becomes a closure, given to
/// the guard that names it (`#[job]`) or to [`spawn`] of the pool (`background`). A background job's parameters must
/// therefore be `Send + 'static`, and it can't take `self` by reference: the error stands on the parameter.
///
/// # Panics
///
/// A panic of the body is the caller's in a plain job, and in a background one that of whoever joins or awaits the task (of a detached task,
/// the pool's `panic_handler` gets it). Jobs that come `#[after]` one that panicked don't run: the panic travels to the last handle.
///
/// # What an error means
///
/// The macro reports all that is wrong with a function in one go, each on its word:
///
/// * *"can't borrow"*, on a `&` or a lifetime of a background job: the task outlives its call. Take what owns the data (the message names
///   the type), or leave `background` away.
/// * *"can't be `async`"*: a thread runs the body from beginning to end. Await the task that the job returns instead.
/// * *"`#[after]` makes it a `Task<T>` for callers"*: the parameter's type is what the body gets.
/// * rustc's *"cannot move out of `pool` because it is borrowed"*, of a background job whose `pool = &pool` is a parameter (or `&self.pool`
///   with `self: Arc<Self>`): write `&pool.clone()`, where `pool` is an `Arc<ThreadPool>`.
/// * rustc's *"cannot be sent between threads safely"* and *"may not live long enough"* speak of a parameter, the result or a type parameter:
///   add `Send`, `'static`, or take an `Arc` of it.
///
/// # When plain `spawn` is better
///
/// For one place that needs a closure: [`spawn`] captures what it uses, and `task.then(…)` goes on with its result. A job is for steps that
/// have a name, are called from several places, or start after several tasks. Inside a frame, where results are needed at once, neither:
/// there it is [`parallel!`](crate::parallel), or [`join`].
#[cfg(feature = "macros")]
#[doc(inline)]
pub use micropool_macros::job;

/// What the macros expand into. Not for use by hand: it may change in any version.
#[doc(hidden)]
pub mod __private {
    pub use crate::after::{AfterValues, AnyTask, spawn_after, spawn_shared_after};
    pub use crate::graph::*;
    #[cfg(micropool_inject)]
    pub use crate::sync::take_counts;
    pub use crate::trace::enter;
    #[cfg(feature = "macros")]
    pub use micropool_macros::{parallel, try_parallel};
    pub use std as std_core;

    /// `in POOL;`
    pub fn in_pool<R>(pool: &crate::ThreadPool, f: impl FnOnce() -> R) -> R {
        pool.install(f)
    }
}
