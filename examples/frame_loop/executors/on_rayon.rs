//! The frame on rayon: the same graph as nested joins.

use super::Executor;
use crate::game::Game;
use crate::parallel_for::Rayon;
use crate::{ai, animation, audio, culling, input, physics, rendering, save, shadows};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::path::Path;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

pub struct OnRayon {
    pool: ThreadPool,
    saves: Vec<Receiver<Result<(), String>>>,
}

impl OnRayon {
    /// `threads` counts the calling thread, which becomes one of the pool: then `install` hands nothing over, and rayon
    /// is at its best.
    pub fn new(threads: usize) -> Result<Self, rayon::ThreadPoolBuildError> {
        let pool = ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build()?;
        Ok(Self { pool, saves: Vec::new() })
    }
}

impl Executor for OnRayon {
    fn name(&self) -> &'static str {
        "rayon"
    }

    fn frame(&mut self, game: &mut Game, frame: usize, save_to: Option<&Path>) {
        let Game { scene, world, solver, mixer, shadow_map, canvas } = game;
        let saving = save_to.is_some();
        let snapshot = self.pool.install(|| {
            let input = input::poll(scene, frame);
            rayon::join(|| ai::decide(Rayon, scene, &input, world, solver), || animation::pose(Rayon, world));
            let motion = physics::step(Rayon, &input, world, solver);
            let draw = || {
                let (visible, ()) =
                    rayon::join(|| culling::cull(Rayon, &input, world), || shadows::cast(Rayon, world, shadow_map));
                rendering::draw(Rayon, scene, &input, &visible, shadow_map, canvas);
            };
            let listen = || audio::mix(Rayon, &input, &motion, world, mixer);
            let snap = || saving.then(|| save::snapshot(world, frame));
            let (_, (_, snapshot)) = rayon::join(draw, || rayon::join(listen, snap));
            snapshot
        });

        if let (Some(snapshot), Some(path)) = (snapshot, save_to) {
            let path = path.to_owned();
            let (sender, receiver) = channel();
            self.pool.spawn(move || {
                let saved = save::encode::<Rayon>(snapshot).and_then(|text| save::write(&text, &path));
                // Nobody listens if the game has ended early.
                let _ = sender.send(saved);
            });
            self.saves.push(receiver);
        }
    }

    fn finish_saves(&mut self) -> Result<(), String> {
        for receiver in self.saves.drain(..) {
            loop {
                match receiver.try_recv() {
                    Ok(saved) => break saved?,
                    Err(TryRecvError::Disconnected) => return Err("a save panicked".to_owned()),
                    // The task may be in this thread's own queue, and then nobody else is sure to run it.
                    Err(TryRecvError::Empty) => {
                        self.pool.yield_now();
                        std::thread::yield_now();
                    }
                }
            }
        }
        Ok(())
    }
}
