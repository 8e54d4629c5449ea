//! What `parallel!` expands into: ranked forks for the nested form, a board for the countdown form, cells that lend.

mod board;
mod failures;
mod lend;

pub use board::{Edge, NodeJob, NodeSpec, Nothing, OnceJob, Plan, run_graph};
pub use failures::*;
pub use lend::*;

use crate::current;
use crate::join::{join_here, join_ranked};

/// `join` of two branches of a graph: `rank` is the length of the way to the end from the most urgent node of `b`.
pub fn fork<A, B, RA, RB>(rank: u32, a: A, b: B) -> (RA, RB)
where
    A: FnOnce() -> RA + Send,
    B: FnOnce() -> RB + Send,
    RA: Send,
    RB: Send,
{
    match current::seat() {
        Some(seat) => join_ranked(seat, rank, a, b),
        None => join_here(a, b),
    }
}
