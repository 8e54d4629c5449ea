//! How far the run is: a bar on a terminal, a line now and then elsewhere (a log, a pipe).

use indicatif::{ProgressBar, ProgressStyle};

pub struct Progress {
    bar: ProgressBar,
    total: u64,
    /// Tenths that were printed.
    said: u64,
}

impl Progress {
    /// Nothing ticks by itself: the bar moves when it is told to, between measurements.
    pub fn new(total: usize) -> Self {
        let bar = ProgressBar::new(total as u64);
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} frames, {msg}, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, total: total as u64, said: 0 }
    }

    pub fn advance(&mut self, frames: usize, executor: &'static str) {
        self.bar.set_message(executor);
        self.bar.inc(frames as u64);
        let tenths = 10 * self.bar.position() / self.total;
        if self.bar.is_hidden() && tenths > self.said {
            self.said = tenths;
            eprintln!("{:>3} % ({} of {} frames)", 10 * tenths, self.bar.position(), self.total);
        }
    }

    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}
