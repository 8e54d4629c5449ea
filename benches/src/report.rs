//! Tables and goal lines on standard output, everything in JSON on request.

use crate::case::CaseResult;
use crate::statistics::{Interval, median};
use crate::{Args, pin};
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use std::fs::File;
use std::io::BufWriter;

#[derive(Serialize)]
pub struct Report {
    program: &'static str,
    pinned: bool,
    cores: usize,
    rounds: usize,
    quick: bool,
    cases: Vec<CaseResult>,
    #[serde(skip)]
    passed_over: Vec<String>,
    #[serde(skip)]
    args: Args,
}

impl Report {
    /// Pins the calling thread too: to be made first thing in `main`.
    pub fn start(program: &'static str, args: &Args) -> Self {
        pin::start(args.unpinned);
        let (pinned, cores) = (pin::pinned(), pin::count());
        println!("{program}: {cores} cores, {}", if pinned { "pinned" } else { "unpinned" });
        if cores < 2 {
            println!("With one core there is nothing to share: ratios of two threads say nothing.");
        }
        let (rounds, quick) = (args.rounds(), args.quick);
        Self { program, pinned, cores, rounds, quick, cases: Vec::new(), passed_over: Vec::new(), args: args.clone() }
    }

    pub fn add(&mut self, case: CaseResult) {
        println!("\n{}\n{}", case.name, table(&case));
        for failed in &case.failed {
            println!("no figures of {failed}");
        }
        for goal in &case.goals {
            let show = |value: f64| if goal.absolute { time(value) } else { format!("{value:.2}") };
            let Interval { median, low, high } = goal.value;
            println!(
                "goal: {} at most {}: {} [{}, {}] {}",
                goal.goal.trim_end(),
                show(goal.at_most),
                show(median),
                show(low),
                show(high),
                if goal.met { "met" } else { "MISSED" }
            );
        }
        self.cases.push(case);
    }

    /// A case that nobody asked for.
    pub fn passed_over(&mut self, case: String) {
        self.passed_over.push(case);
    }

    /// The last thing in `main`.
    ///
    /// # Panics
    /// If the JSON file can't be written.
    pub fn finish(self) {
        if self.cases.is_empty() {
            eprintln!("Nothing was measured: no case has what --case and --only ask for. There are");
            for case in &self.passed_over {
                eprintln!("  {case}");
            }
            std::process::exit(2);
        }
        let goals = || self.cases.iter().flat_map(|case| &case.goals);
        println!("\n{} of {} goals met", goals().filter(|goal| goal.met).count(), goals().count());
        if let Some(path) = &self.args.json {
            let file = File::create(path).expect("the JSON file can be created");
            serde_json::to_writer_pretty(BufWriter::new(file), &self).expect("the JSON file can be written");
        }
    }
}

fn table(case: &CaseResult) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["", "p50", "p99", "micropool to this", "cores", "sleeps", case.extra.unwrap_or("")]);
    for one in &case.contenders {
        let ratio = one.ours_to_this.map_or(String::new(), |Interval { median, low, high }| {
            format!("{median:.3} [{low:.3}, {high:.3}]{}", if one.best_rival { " best" } else { "" })
        });
        let p99 = time(one.p99.median);
        table.add_row([
            one.name.clone(),
            time(one.p50.median),
            p99,
            ratio,
            format!("{:.2}", one.cores),
            format!("{:.2}", one.sleeps),
            if one.extra_of_rounds.is_empty() { String::new() } else { format!("{:.2}", median(&one.extra_of_rounds)) },
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Nanoseconds, for people.
pub fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        t if t < 1e3 => format!("{t:.2} ns"),
        t if t < 1e6 => format!("{:.2} µs", t / 1e3),
        t if t < 1e9 => format!("{:.2} ms", t / 1e6),
        t => format!("{:.2} s", t / 1e9),
    }
}
