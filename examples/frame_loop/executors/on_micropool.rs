//! The frame on micropool: one graph.

use super::Executor;
use crate::game::Game;
use crate::parallel_for::Micropool;
use crate::{ai, animation, audio, culling, input, physics, rendering, save, shadows};
use micropool::{Task, ThreadPool, ThreadPoolBuilder};
use std::path::Path;

pub struct OnMicropool {
    pool: ThreadPool,
    saves: Vec<Task<Result<(), String>>>,
}

impl OnMicropool {
    /// `threads` counts the calling thread, which computes like the others.
    pub fn new(threads: usize) -> Result<Self, micropool::BuildError> {
        let pool = ThreadPoolBuilder::new().num_threads(threads - 1).build()?;
        Ok(Self { pool, saves: Vec::new() })
    }
}

impl Executor for OnMicropool {
    fn name(&self) -> &'static str {
        "micropool"
    }

    fn frame(&mut self, game: &mut Game, frame: usize, save_to: Option<&Path>) {
        let (scene, world) = (&game.scene, &game.world);
        let (mut solver, mut mixer) = (&mut game.solver, &mut game.mixer);
        let (mut shadow_map, mut canvas) = (&mut game.shadow_map, &mut game.canvas);
        let saving = save_to.is_some();

        // `world` is lent shared: hecs itself lends its columns, and panics if two nodes wanted one at the same time and
        // one of them to write. So what writes into the world is ordered by `after`.
        let frame = micropool::parallel! {
            in self.pool;
            use scene, world, mut solver, mut mixer, mut shadow_map, mut canvas;

            input(scene)                    => input::poll(scene, frame),
            ai(scene, input, world, solver) => ai::decide(Micropool, scene, input, world, solver),
            animation(world) after input    => animation::pose(Micropool, world),

            physics(input, world, mut solver) after (ai, animation) => physics::step(Micropool, input, world, solver),

            culling(input, world) after physics          => culling::cull(Micropool, input, world),
            shadows(world, mut shadow_map) after physics => shadows::cast(Micropool, world, shadow_map),
            audio(input, physics, world, mut mixer)      => audio::mix(Micropool, input, physics, world, mixer),
            rendering(scene, input, culling, shadow_map, mut canvas) after shadows => {
                rendering::draw(Micropool, scene, input, culling, shadow_map, canvas);
            }

            snapshot(world) after physics if saving          => save::snapshot(world, frame),
            background autosave(move snapshot) if saving     => snapshot.map(save::encode::<Micropool>),
        };

        if let Some(path) = save_to {
            self.saves.push(save::write_when_encoded(frame.autosave, path.to_owned()));
        }
    }

    fn finish_saves(&mut self) -> Result<(), String> {
        self.saves.drain(..).try_for_each(Task::join)
    }
}
