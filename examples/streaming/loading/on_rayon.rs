//! The same on rayon: one task a texture, and the frame as joins.

use super::{Arrivals, Engine};
use crate::frame::{self, Sea};
use crate::parallel_for::Rayon;
use crate::stages;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::path::PathBuf;

pub struct OnRayon {
    pool: ThreadPool,
}

impl OnRayon {
    /// `threads` counts the calling thread, which becomes one of the pool: then frames are not handed over to another.
    pub fn new(threads: usize) -> Result<Self, rayon::ThreadPoolBuildError> {
        Ok(Self { pool: ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build()? })
    }
}

impl Engine for OnRayon {
    fn name(&self) -> String {
        format!("rayon: {} threads, the main one among them", self.pool.current_num_threads())
    }

    fn load(&mut self, path: PathBuf, arrivals: Arrivals) {
        self.pool.spawn(move || {
            let texture = stages::read(path)
                .and_then(|file| stages::decode(&file))
                .map(stages::mip_maps::<Rayon>)
                .map(|levels| stages::compress::<Rayon>(&levels));
            // Nobody listens any more if the game ended on an error.
            let _ = arrivals.send(texture);
        });
    }

    fn frame(&mut self, sea: &mut Sea) {
        let Sea { water, spray, picture } = sea;
        self.pool.install(|| {
            frame::roll(Rayon, water);
            let water = &*water;
            rayon::join(|| frame::blow(Rayon, water, spray), || frame::shade(Rayon, water, picture));
        });
    }
}
