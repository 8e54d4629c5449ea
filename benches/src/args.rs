//! What every program can be told.

use std::path::PathBuf;

#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// A look instead of a measurement: about a minute.
    #[arg(long)]
    pub quick: bool,

    /// Rounds, in each of which every contender has one turn (at least 9; default 15, with --quick 9).
    #[arg(long, value_parser = clap::value_parser!(u32).range(9..))]
    rounds: Option<u32>,

    /// Caller on the first core, worker i on core i + 1 (the default).
    #[arg(long, conflicts_with = "unpinned")]
    pinned: bool,

    /// Threads go where the system puts them.
    #[arg(long)]
    pub unpinned: bool,

    /// Writes every figure, of every round, to this file.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Only contenders whose name begins so; may be given several times.
    #[arg(long, value_name = "CONTENDER")]
    pub only: Vec<String>,

    /// Only cases (tables) whose name has this in it; may be given several times.
    #[arg(long, value_name = "PART")]
    case: Vec<String>,
}

impl Args {
    pub fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 9 } else { 15 }) as usize
    }

    pub fn wants(&self, contender: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|wanted| contender.starts_with(wanted.as_str()))
    }

    pub fn wants_case(&self, name: &str) -> bool {
        self.case.is_empty() || self.case.iter().any(|part| name.contains(part.as_str()))
    }

    /// The smaller of two sizes with `--quick`.
    pub fn size<T>(&self, quick: T, full: T) -> T {
        if self.quick { quick } else { full }
    }
}
