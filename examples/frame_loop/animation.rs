//! The node `animation`: what moves for the eye only. Balls roll as fast as they travel, and glow when they were hit.

use crate::input::FRAME_SECONDS;
use crate::parallel_for::ParallelFor;
use crate::world::{BATCH, Body, Hit, Pose, Velocity};
use glam::{Quat, Vec3};
use hecs::World;

/// What is left of a glow after a second.
const GLOW_LEFT: f32 = 0.02;
/// A hit at this speed makes a body glow as brightly as it can.
const BRIGHTEST_AT: f32 = 25.0;

pub fn pose<P: ParallelFor>(pool: P, world: &World) {
    let fading = GLOW_LEFT.powf(FRAME_SECONDS);
    let mut query = world.query::<(&Body, &Velocity, &Hit, &mut Pose)>();
    let mut batches: Vec<_> = query.iter_batched(2 * BATCH).collect();
    pool.for_each(&mut batches, 1, |_, batch| {
        for (body, velocity, hit, pose) in batch {
            let turning = Vec3::Y.cross(velocity.0) / body.radius;
            let turned = Quat::from_scaled_axis(turning * FRAME_SECONDS);
            let hit_glow = ((hit.0 - 4.0) / BRIGHTEST_AT).clamp(0.0, 1.0);
            *pose = Pose { spin: (turned * pose.spin).normalize(), glow: (pose.glow * fading).max(hit_glow) };
        }
    });
}
