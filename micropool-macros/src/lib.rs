//! The macros of [`micropool`](https://docs.rs/micropool): depend on that crate, which exports them.
//!
//! Both are small compilers: parse → check (names to a graph of numbers) → expand. Each phase sees only the one before
//! it, and the user's tokens stay in the model so that errors point at them.

#![forbid(unsafe_code)]

#[cfg(test)]
mod dice;
mod errors;
mod fragments;
#[cfg(test)]
mod fuzz;
mod job;
mod ours;
mod parallel;
#[cfg(test)]
mod snapshot;
mod tuple;

use proc_macro::TokenStream;

/// See `micropool::parallel!`, which calls this with its own crate's name in front.
#[proc_macro]
pub fn parallel(block: TokenStream) -> TokenStream {
    parallel::block(block.into(), false).into()
}

/// See `micropool::try_parallel!`, which calls this with its own crate's name in front.
#[proc_macro]
pub fn try_parallel(block: TokenStream) -> TokenStream {
    parallel::block(block.into(), true).into()
}

/// Makes a function a job of the pool.
///
/// | attribute | a call |
/// |---|---|
/// | `#[job]` | runs where it is, as one job that timelines show by its name |
/// | `#[job(background)]` | spawns the body and returns a `Task<T>` |
/// | `#[job(background, shared)]` | spawns the body and returns a `SharedTask<T>` |
/// | `#[job(pool = EXPR)]` | runs in that pool; with `background`, is spawned there |
/// | `#[job(name = "…")]` | is called that in timelines; by default the function's name |
/// | `#[job(crate = path)]` | finds micropool under another name |
///
/// A parameter marked `#[after]` is a `Task<P>` to callers and a `P` to the body: the job starts when that task is
/// done, and no thread waits for it.
#[proc_macro_attribute]
pub fn job(options: TokenStream, item: TokenStream) -> TokenStream {
    job::job(options.into(), item.into()).into()
}
