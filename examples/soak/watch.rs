//! Looks on: the progress line, the most memory, and the end of a run in which nothing moves.

use crate::resident;
use crate::work::Soak;
use indicatif::{ProgressBar, ProgressStyle};
use std::thread;
use std::time::{Duration, Instant};

/// So long may nothing move.
const STUCK: Duration = Duration::from_secs(10);

/// Runs it for `time`; the most that was resident.
pub fn over(soak: &Soak, time: Duration, seed: u64) -> Option<u64> {
    let bar = ProgressBar::new(time.as_secs());
    let style = ProgressStyle::with_template("{bar:30} {elapsed}/{len} s {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut peak = None;
    let (began, mut moved, mut seen, mut said) = (Instant::now(), Instant::now(), 0, 0);
    soak.run(time, |over| {
        while !over() {
            thread::sleep(Duration::from_millis(100));
            let steps = soak.steps();
            if steps != seen {
                (seen, moved) = (steps, Instant::now());
            } else if moved.elapsed() > STUCK {
                bar.abandon();
                eprintln!("soak: nothing has moved for {STUCK:?}; seed {seed}. What was begun and has not ended:");
                for what in soak.going_on() {
                    eprintln!("  {what}");
                }
                std::process::abort();
            }
            peak = peak.max(resident::now().map(|now| now.bytes));
            let line = format!("{steps} steps, {} MiB, {} problems", peak.unwrap_or(0) >> 20, soak.problems().len());
            let seconds = began.elapsed().as_secs();
            bar.set_position(seconds);
            // On no terminal: a line now and then.
            if bar.is_hidden() && seconds >= said + 10 {
                said = seconds;
                eprintln!("{seconds} of {} s: {line}", time.as_secs());
            }
            bar.set_message(line);
        }
    });
    bar.finish_and_clear();
    peak
}
