//! Everything at once, for as long as you like: random programs (joins, graphs, loops, scopes, tasks, cancels, panics) against
//! their sequential meaning, loops over data, graphs that fail, jobs, tasks that are awaited, broadcasts, pools made and dropped
//! (of no worker, too), outside threads that come and go.
//!
//! ```sh
//! cargo run --release --example soak -- --minutes 3
//! ```
//!
//! It ends with a table, and with exit code 1 if anything came out wrong or memory or threads did not come back. When nothing
//! moves for ten seconds it says so, with the seed and what was going on, and aborts (for a debugger, or a core dump).

mod awaited;
mod calls;
#[cfg(test)]
mod command_line;
mod macros;
mod resident;
mod watch;
mod work;

use clap::Parser;
use comfy_table::Table;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Mixes everything that micropool does, for as long as asked, and checks what comes out.
#[derive(Parser)]
#[command(name = "soak")]
struct Args {
    /// How long, in minutes
    #[arg(long, value_name = "N", default_value_t = 3.0, value_parser = minutes)]
    minutes: f64,

    /// The most workers a pool has
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: u32,

    /// Where the random programs begin [default: another one each time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

fn minutes(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(minutes) if minutes > 0.0 && minutes <= 1e6 => Ok(minutes),
        _ => Err(String::from("a number of minutes above 0")),
    }
}

fn main() -> ExitCode {
    ExitCode::from(exit_code(&Args::parse()))
}

fn exit_code(args: &Args) -> u8 {
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    let time = Duration::from_secs_f64(args.minutes * 60.0);
    println!("soak: seed {seed}, up to {} workers a pool, {time:?}", args.threads);
    work::silence_expected_panics();

    // Once through everything, so that what is allocated once (arenas, stacks that are kept, tables) is there before we measure.
    let warm_up = work::Soak::new(seed, args.threads as usize);
    warm_up.run(Duration::from_secs(2).min(time / 4), |_| ());
    let mut problems = warm_up.problems();
    let before = resident::settled();

    let soak = work::Soak::new(seed, args.threads as usize);
    let peak = watch::over(&soak, time, seed);
    problems.extend(soak.problems());
    let after = resident::settled();
    if let (Some(before), Some(peak), Some(after)) = (before, peak, after) {
        problems.extend(resident::compare(before, peak, after));
    }

    let mut table = Table::new();
    table.load_preset(comfy_table::presets::ASCII_MARKDOWN).set_header(["what", "how much"]);
    for (name, count) in soak.counts.all() {
        table.add_row([name.to_owned(), count.load(Ordering::Relaxed).to_string()]);
    }
    if let (Some(before), Some(after), Some(peak)) = (before, after, peak) {
        let mebibytes = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
        table.add_row([
            "resident before, most, after".to_owned(),
            [before.bytes, peak, after.bytes].map(mebibytes).join(", "),
        ]);
        table.add_row(["threads before, after".to_owned(), format!("{}, {}", before.threads, after.threads)]);
    }
    table.add_row(["problems".to_owned(), problems.len().to_string()]);
    println!("{table}");
    for problem in &problems {
        eprintln!("soak: {problem} (seed {seed})");
    }
    u8::from(!problems.is_empty())
}
