//! What is seen while it runs: a bar for the loading and a line for the frames. Drawn between frames, so not measured.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Frames that the line shows.
const SHOWN: usize = 60;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub struct Display {
    bars: MultiProgress,
    /// `None`: nothing is loaded.
    loading: Option<ProgressBar>,
    frames: ProgressBar,
    recent: VecDeque<Duration>,
    /// The time that a frame has.
    tick: Duration,
    drawn: Instant,
    round: usize,
}

impl Display {
    pub fn new(textures: Option<usize>, tick: Duration) -> Self {
        let style = |template| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bars = MultiProgress::new();
        let loading = textures.map(|count| {
            let bar = bars.add(ProgressBar::new(count as u64));
            bar.with_style(style("loading {bar:40} {pos}/{len} textures, round {msg}"))
        });
        let frames = bars.add(ProgressBar::no_length()).with_style(style("frames  {msg}"));
        Self { bars, loading, frames, recent: VecDeque::new(), tick, drawn: Instant::now(), round: 0 }
    }

    pub fn begin_round(&mut self) {
        self.round += 1;
        if let Some(bar) = &self.loading {
            bar.reset();
            bar.set_message(self.round.to_string());
        }
    }

    pub fn arrived(&self) {
        if let Some(bar) = &self.loading {
            bar.inc(1);
        }
    }

    /// A frame is over. The line shows the recent ones against the time that each has.
    pub fn frame(&mut self, time: Duration) {
        self.recent.push_back(time);
        if self.recent.len() > SHOWN {
            self.recent.pop_front();
        }
        // On a terminal ten times a second; elsewhere (a log, a pipe) a line now and then.
        let hidden = self.frames.is_hidden();
        if self.drawn.elapsed() < if hidden { Duration::from_secs(1) } else { Duration::from_millis(100) } {
            return;
        }
        self.drawn = Instant::now();
        let line: String = self.recent.iter().map(|time| BARS[self.level(*time)]).collect();
        let longest = self.recent.iter().max().copied().unwrap_or_default();
        let text = format!("{line} {:5.2} ms, longest {:5.2}", millis(time), millis(longest));
        if hidden {
            let loaded = self
                .loading
                .as_ref()
                .map(|bar| format!(", {} of {} textures", bar.position(), bar.length().unwrap_or(0)));
            eprintln!("frames  {text}{}", loaded.unwrap_or_default());
        } else {
            self.frames.set_message(text);
        }
    }

    /// A full block is a frame that took all its time, or more.
    fn level(&self, time: Duration) -> usize {
        let share = time.as_secs_f64() / self.tick.as_secs_f64();
        ((share * BARS.len() as f64) as usize).min(BARS.len() - 1)
    }

    pub fn finish(self) {
        // A bar that is cleared leaves the terminal to the table.
        let _ = self.bars.clear();
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
