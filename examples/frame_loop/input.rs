//! The node `input`: what the player does in this frame, out of the recording of the scene, so that every executor
//! plays the same game. The camera is part of it.

use crate::scene::{Blast, Scene};
use glam::Vec3;

/// A frame is this long in the game, however long it takes to compute.
pub const FRAME_SECONDS: f32 = 1.0 / 60.0;
/// How long a blast can be seen.
const FLASH_SECONDS: f32 = 0.6;

/// What the other nodes know about this frame.
pub struct Input {
    pub seconds: f32,
    pub view: View,
    pub blasts: Vec<Active>,
}

/// A blast that happens now or can still be seen.
pub struct Active {
    pub blast: Blast,
    /// In this frame.
    pub now: bool,
    /// 1 when it happens, then down to 0.
    pub flash: f32,
}

/// Where the camera is, and its three directions.
#[derive(Clone, Copy)]
pub struct View {
    pub eye: Vec3,
    pub right: Vec3,
    pub up: Vec3,
    pub forward: Vec3,
    /// Half the height of the picture, one metre in front of the eye.
    pub half_height: f32,
}

impl View {
    /// In the camera's own directions: to the right, up, and away from it.
    pub fn locate(&self, place: Vec3) -> Vec3 {
        let relative = place - self.eye;
        Vec3::new(relative.dot(self.right), relative.dot(self.up), relative.dot(self.forward))
    }
}

pub fn poll(scene: &Scene, frame: usize) -> Input {
    let seconds = frame as f32 * FRAME_SECONDS;
    Input { seconds, view: view(scene, seconds), blasts: blasts(scene, frame) }
}

fn view(scene: &Scene, seconds: f32) -> View {
    let camera = &scene.camera;
    let angle = (camera.angle + camera.turns * seconds).to_radians();
    let eye = camera.looks_at + Vec3::new(angle.cos() * camera.distance, camera.height, angle.sin() * camera.distance);
    let forward = (camera.looks_at - eye).normalize();
    let right = forward.cross(Vec3::Y).normalize();
    let half_height = (camera.field_of_view.to_radians() / 2.0).tan();
    View { eye, right, up: right.cross(forward), forward, half_height }
}

fn blasts(scene: &Scene, frame: usize) -> Vec<Active> {
    // The recording starts again a second after its last command.
    let last = scene.recording.last().map_or(0.0, |command| command.seconds);
    let length = ((last + 1.0) / FRAME_SECONDS).round() as usize;
    let commands = scene.recording.iter().filter_map(|command| {
        let begins = (command.seconds / FRAME_SECONDS).round() as usize;
        let age = (frame % length).checked_sub(begins)?;
        let flash = 1.0 - age as f32 * FRAME_SECONDS / FLASH_SECONDS;
        (flash > 0.0).then(|| Active { blast: command.blast.clone(), now: age == 0, flash })
    });
    commands.collect()
}
