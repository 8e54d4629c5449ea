//! What `parallel!` expands into: ranked forks for the nested form, a board for the countdown form, cells that lend.

mod block;
mod board;
mod lend;
mod ready;

pub use block::*;
pub use board::{AnyJob, Edge, NodeJob, NodeSpec, Nothing, OnceJob, Plan, run_graph};
pub use lend::*;
pub use ready::words;
