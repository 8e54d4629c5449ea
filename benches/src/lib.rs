//! The harness that the programs of `src/bin` share. `README.md` says what each program answers.
//!
//! Reading order: `args` (what every program can be told) → `pin` (which thread on which core) → `rivals` (how each pool is
//! made and entered) → `turn` (one contender measured once) → `isolated` (in a process of its own) → `case` (contenders taking turns) → `statistics` → `report`;
//! `steps` counts instead of timing.

pub mod args;
pub mod case;
pub mod graph;
pub mod isolated;
pub mod kernels;
pub mod pin;
pub mod report;
pub mod rivals;
pub mod statistics;
pub mod steps;
pub mod turn;
pub mod work;

pub use args::Args;
pub use case::{Case, Goal};
pub use report::Report;
pub use turn::Turn;
