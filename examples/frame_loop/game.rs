//! One running game: everything the nodes of a frame work on. Each executor has its own, made of the same scene.

use crate::audio::{Mixer, Sounds};
use crate::physics::Solver;
use crate::rendering::Canvas;
use crate::scene::Scene;
use crate::shadows::ShadowMap;
use crate::sound;
use crate::world::{self, Checksum};
use hecs::World;
use std::path::Path;
use std::sync::Arc;

pub struct Game {
    pub scene: Arc<Scene>,
    pub world: World,
    pub solver: Solver,
    pub mixer: Mixer,
    pub shadow_map: ShadowMap,
    pub canvas: Canvas,
}

impl Game {
    /// `frames`: for how many there should be room on the tape.
    pub fn new(scene: &Arc<Scene>, sounds: &Arc<Sounds>, frames: usize) -> Self {
        let world = world::populate(scene, |name| sounds.number(name));
        Self {
            solver: Solver::new(scene, &world),
            mixer: Mixer::new(scene, sounds.clone(), &world, frames),
            shadow_map: ShadowMap::new(scene),
            canvas: Canvas::new(),
            scene: scene.clone(),
            world,
        }
    }

    pub fn outcome(&self) -> Outcome {
        Outcome { world: world::checksum(&self.world), sound: self.mixer.checksum(), picture: self.canvas.checksum() }
    }
}

/// What must be the same for all executors and any number of threads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    pub world: Checksum,
    pub sound: Checksum,
    pub picture: Checksum,
}

/// Makes all sounds of a scene, at the same time.
pub fn load_sounds(scene: &Scene, scene_path: &Path) -> Result<Sounds, String> {
    let directory = scene_path.parent().unwrap_or(Path::new(""));
    let tasks: Vec<_> = scene.sounds.values().map(|sound| sound::make(sound.clone(), directory.to_owned())).collect();
    let clips = tasks.into_iter().map(|task| task.join()).collect::<Result<_, _>>()?;
    let numbers = scene.sounds.keys().cloned().zip(0..).collect();
    Ok(Sounds { clips, numbers })
}
