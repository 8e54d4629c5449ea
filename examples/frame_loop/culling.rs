//! The node `culling`: which bodies are in the picture, and where. What it finds is all that rendering needs to know of
//! them, so that the world is free again.

use crate::input::{Input, View};
use crate::parallel_for::ParallelFor;
use crate::rendering::{HEIGHT, WIDTH};
use crate::scene::Material;
use crate::world::{BATCH, Body, Lamp, Place, Pose};
use glam::Vec3;
use hecs::World;
use std::ops::Range;

/// What can be seen.
pub struct Visible {
    pub balls: Vec<Ball>,
    pub lights: Vec<Light>,
}

/// A ball in the picture.
pub struct Ball {
    pub place: Vec3,
    /// As [`View::locate`] gives it.
    pub from_eye: Vec3,
    pub radius: f32,
    /// Pixels that it may cover.
    pub columns: Range<usize>,
    pub rows: Range<usize>,
    pub material: Material,
    /// Through the middle of the stripe, across it.
    pub axis: Vec3,
    pub shines: Vec3,
}

pub struct Light {
    pub place: Vec3,
    pub colour: Vec3,
}

/// How bright a lamp looks, compared with the light it gives.
const LAMP_SHINES: f32 = 0.12;

pub fn cull<P: ParallelFor>(pool: P, input: &Input, world: &World) -> Visible {
    let mut query = world.query::<(&Place, &Body, &Pose, &Material, Option<&Lamp>)>();
    let mut batches: Vec<_> = query.iter_batched(2 * BATCH).map(|batch| (batch, Vec::new())).collect();
    pool.for_each(&mut batches, 1, |_, (batch, visible)| {
        visible.extend(batch.filter_map(|(place, body, pose, material, lamp)| {
            let from_eye = input.view.locate(place.0);
            let (columns, rows) = pixels(&input.view, from_eye, body.radius)?;
            let shines = lamp.map_or(material.colour * pose.glow, |lamp| lamp.0 * LAMP_SHINES);
            let (radius, material, axis) = (body.radius, *material, pose.spin * Vec3::Y);
            Some(Ball { place: place.0, from_eye, radius, columns, rows, material, axis, shines })
        }));
    });
    let balls = batches.into_iter().flat_map(|(_, visible)| visible).collect();

    let mut query = world.query::<(&Place, &Lamp)>();
    let lamps = query.iter().map(|(place, lamp)| Light { place: place.0, colour: lamp.0 });
    let flashes = input.blasts.iter().map(|active| Light {
        place: active.blast.at + Vec3::Y * 2.0,
        colour: Vec3::new(60.0, 32.0, 12.0) * active.flash * active.flash,
    });
    Visible { balls, lights: lamps.chain(flashes).collect() }
}

/// The columns and rows of pixels that a ball may cover, or `None` if it isn't in the picture.
fn pixels(view: &View, from_eye: Vec3, radius: f32) -> Option<(Range<usize>, Range<usize>)> {
    let pixels_a_unit = HEIGHT as f32 / (2.0 * view.half_height);
    let (left, right) = bounds(from_eye.x, from_eye.z, radius)?;
    let (lowest, highest) = bounds(from_eye.y, from_eye.z, radius)?;
    let columns = clip(WIDTH, left * pixels_a_unit, right * pixels_a_unit);
    // Rows count downwards.
    let rows = clip(HEIGHT, -highest * pixels_a_unit, -lowest * pixels_a_unit);
    (!columns.is_empty() && !rows.is_empty()).then_some((columns, rows))
}

fn clip(len: usize, from: f32, to: f32) -> Range<usize> {
    let middle = 0.5 * len as f32;
    // A cast from a negative float to `usize` gives 0.
    (from + middle) as usize..((to + middle).ceil() as usize).min(len)
}

/// Where the two rays that touch a disc at `(x, z)` pass one metre in front of the eye; `None` if it isn't before it.
fn bounds(x: f32, z: f32, radius: f32) -> Option<(f32, f32)> {
    if z <= radius * 1.01 {
        return None;
    }
    let below = z * z - radius * radius;
    let root = radius * (x * x + below).sqrt();
    Some(((x * z - root) / below, (x * z + root) / below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rays_of_the_bounds_touch_the_disc() {
        let (x, z, radius) = (3.0, 10.0, 2.0);
        let (left, right) = bounds(x, z, radius).unwrap();
        for slope in [left, right] {
            // The distance of the disc's middle from the ray through (slope, 1).
            let distance = (x - slope * z).abs() / (1.0 + slope * slope).sqrt();
            assert!((distance - radius).abs() < 1e-4, "{distance}");
        }
    }

    #[test]
    fn what_is_behind_the_eye_is_not_seen() {
        assert!(bounds(0.0, -5.0, 1.0).is_none());
    }
}
