//! The frame on one thread: one node after another, top to bottom, which is what the graph means.

use super::Executor;
use crate::game::Game;
use crate::parallel_for::OneThread;
use crate::{ai, animation, audio, culling, input, physics, rendering, save, shadows};
use std::path::Path;

pub struct OnOneThread {
    saved: Result<(), String>,
}

impl OnOneThread {
    pub fn new() -> Self {
        Self { saved: Ok(()) }
    }
}

impl Executor for OnOneThread {
    fn name(&self) -> &'static str {
        "one thread"
    }

    fn frame(&mut self, game: &mut Game, frame: usize, save_to: Option<&Path>) {
        let Game { scene, world, solver, mixer, shadow_map, canvas } = game;
        let input = input::poll(scene, frame);
        ai::decide(OneThread, scene, &input, world, solver);
        animation::pose(OneThread, world);
        let motion = physics::step(OneThread, &input, world, solver);
        let visible = culling::cull(OneThread, &input, world);
        shadows::cast(OneThread, world, shadow_map);
        audio::mix(OneThread, &input, &motion, world, mixer);
        rendering::draw(OneThread, scene, &input, &visible, shadow_map, canvas);

        // There is no background here: the frame takes longer.
        if let Some(path) = save_to {
            let saved =
                save::encode::<OneThread>(save::snapshot(world, frame)).and_then(|text| save::write(&text, path));
            self.saved = std::mem::replace(&mut self.saved, Ok(())).and(saved);
        }
    }

    fn finish_saves(&mut self) -> Result<(), String> {
        std::mem::replace(&mut self.saved, Ok(()))
    }
}
