//! The node `shadows`: how high things reach, as the sun sees the arena. What lies below that is in the shade.

use crate::parallel_for::ParallelFor;
use crate::scene::Scene;
use crate::world::{Body, Place};
use glam::{Vec2, Vec3};
use hecs::World;

/// Texels along each side.
const SIDE: usize = 512;
/// Rows that a thread takes at a time.
const BAND: usize = 32;
/// How far off its surface a point is looked up, in metres, for a surface not to be shaded by itself.
const OFF_SURFACE: f32 = 0.12;

/// A map of heights, seen from the sun.
pub struct ShadowMap {
    right: Vec3,
    up: Vec3,
    pub towards_sun: Vec3,
    texels_a_metre: f32,
    /// The distance towards the sun of what comes first, row by row.
    heights: Vec<f32>,
}

/// A body in the sun's directions.
struct Caster {
    /// In texels.
    middle: Vec2,
    radius: f32,
    height: f32,
}

impl ShadowMap {
    pub fn new(scene: &Scene) -> Self {
        let towards_sun = scene.sun.stands_at.normalize();
        let right = towards_sun.any_orthonormal_vector();
        // A little more than the floor: bodies at the edge stand higher.
        let texels_a_metre = SIDE as f32 / (2.2 * scene.arena.radius);
        Self { right, up: towards_sun.cross(right), towards_sun, texels_a_metre, heights: vec![f32::MIN; SIDE * SIDE] }
    }

    fn texel(&self, place: Vec3) -> Vec2 {
        let on_map = Vec2::new(place.dot(self.right), place.dot(self.up));
        on_map * self.texels_a_metre + 0.5 * SIDE as f32
    }

    /// From 0, in the shade, to 1, in the sun; in between at the edges of shadows.
    pub fn light_at(&self, place: Vec3, normal: Vec3) -> f32 {
        let place = place + normal * OFF_SURFACE;
        let at = self.texel(place) - 0.5;
        let (x, y) = (at.x as usize, at.y as usize);
        if at.min_element() < 0.0 || x + 1 >= SIDE || y + 1 >= SIDE {
            return 1.0;
        }
        let height = place.dot(self.towards_sun) + OFF_SURFACE;
        let lit = |x: usize, y: usize| if self.heights[y * SIDE + x] <= height { 1.0 } else { 0.0 };
        // Not `fract`, which is a call of a function where the processor may be an old one.
        let (right, down) = (at.x - x as f32, at.y - y as f32);
        let above = lit(x, y) * (1.0 - right) + lit(x + 1, y) * right;
        let below = lit(x, y + 1) * (1.0 - right) + lit(x + 1, y + 1) * right;
        above * (1.0 - down) + below * down
    }
}

pub fn cast<P: ParallelFor>(pool: P, world: &World, map: &mut ShadowMap) {
    let casters: Vec<Caster> = world
        .query::<(&Place, &Body)>()
        .iter()
        .map(|(place, body)| Caster {
            middle: map.texel(place.0),
            radius: body.radius * map.texels_a_metre,
            height: place.0.dot(map.towards_sun),
        })
        .collect();
    let metres = 1.0 / map.texels_a_metre;
    let mut bands: Vec<&mut [f32]> = map.heights.chunks_mut(BAND * SIDE).collect();
    pool.for_each(&mut bands, 1, |band, heights| {
        heights.fill(f32::MIN);
        for caster in &casters {
            caster.draw(band * BAND, heights, metres);
        }
    });
}

impl Caster {
    /// Into the band that begins at row `top`.
    fn draw(&self, top: usize, heights: &mut [f32], metres: f32) {
        let first = (self.middle.y - self.radius).max(top as f32) as usize;
        let last = ((self.middle.y + self.radius).max(0.0) as usize + 1).min(top + BAND);
        for row in first..last {
            let y = row as f32 + 0.5 - self.middle.y;
            let half = self.radius * self.radius - y * y;
            if half <= 0.0 {
                continue;
            }
            let width = half.sqrt();
            let left = (self.middle.x - width).max(0.0) as usize;
            let right = ((self.middle.x + width).max(0.0) as usize + 1).min(SIDE);
            let texels = &mut heights[(row - top) * SIDE..][..SIDE];
            for (column, texel) in texels.iter_mut().enumerate().take(right).skip(left) {
                let x = column as f32 + 0.5 - self.middle.x;
                let height = self.height + (half - x * x).max(0.0).sqrt() * metres;
                *texel = texel.max(height);
            }
        }
    }
}
