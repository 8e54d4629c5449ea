//! What light a surface sends to the eye: the sun with shadows, the sky, and the lamps of the scene.

use crate::culling::{Ball, Light};
use crate::input::View;
use crate::scene::{Material, Scene};
use crate::shadows::ShadowMap;
use glam::Vec3;

const ZENITH: Vec3 = Vec3::new(0.04, 0.15, 0.45);
const HORIZON: Vec3 = Vec3::new(0.64, 0.47, 0.40);
const FLOOR: Vec3 = Vec3::new(0.09, 0.12, 0.17);
const LINES: Vec3 = Vec3::new(0.25, 0.42, 0.60);
const RIM: Vec3 = Vec3::new(0.9, 0.45, 0.15);
/// At this distance, half of what is seen is haze.
const HAZE_FROM: f32 = 160.0;

/// Farther away, a lamp is not worth the time.
const LAMPS_REACH: f32 = 16.0;

/// All that falls on surfaces.
pub struct Shading<'a> {
    pub scene: &'a Scene,
    pub view: &'a View,
    pub lights: &'a [Light],
    pub shadows: &'a ShadowMap,
}

impl Shading<'_> {
    /// A point of a ball, seen along `direction`.
    pub fn ball(&self, ball: &Ball, place: Vec3, direction: Vec3) -> Vec3 {
        let normal = (place - ball.place) / ball.radius;
        let Material { colour, stripe, gloss } = ball.material;
        // The stripe shows how it rolls.
        let surface = if normal.dot(ball.axis).abs() < 0.3 { stripe } else { colour };
        let mirrored = direction - 2.0 * direction.dot(normal) * normal;
        let edge = (1.0 + direction.dot(normal)).clamp(0.0, 1.0).powi(3);
        let highlight = mirrored.dot(self.shadows.towards_sun).max(0.0).powi(32) * gloss * 1.5;
        let sunlit = self.sunlight(place, normal);
        // Near the floor less of the sky is seen.
        let open = 0.4 + 0.6 * (place.y / (2.0 * ball.radius)).clamp(0.0, 1.0);
        let diffuse = surface * (sunlit + self.ambient(normal) * open + self.lamps(place, normal));
        let reflected = HORIZON.lerp(ZENITH, mirrored.y.max(0.0)) * (gloss * edge);
        // Nobody sees the glow of the sun in the haze before a ball.
        let light = diffuse + sunlit * highlight + reflected + ball.shines;
        light.lerp(HORIZON, hazy((place - self.view.eye).length_squared()))
    }

    /// What is seen where no ball is.
    pub fn surroundings(&self, direction: Vec3) -> Vec3 {
        if direction.y > -1e-4 {
            return self.sky(direction);
        }
        let distance = -self.view.eye.y / direction.y;
        let place = self.view.eye + direction * distance;
        let diffuse = self.floor(place, distance)
            * (self.sunlight(place, Vec3::Y) + self.ambient(Vec3::Y) + self.lamps(place, Vec3::Y));
        let edge = (1.0 + direction.y).powi(4);
        let behind = self.sky(Vec3::new(direction.x, 0.0, direction.z));
        let light = diffuse + behind * (0.4 * edge);
        light.lerp(behind, hazy(distance * distance))
    }

    /// The floor's own colour: lines every five metres, a rim, darker fields outside.
    fn floor(&self, place: Vec3, distance: f32) -> Vec3 {
        let from_middle = Vec3::new(place.x, 0.0, place.z).length();
        let beyond = from_middle - self.scene.arena.radius;
        if beyond > 0.0 {
            return if beyond < 0.6 { RIM } else { FLOOR * 0.35 };
        }
        let (field_x, from_line_x) = field(place.x);
        let (field_z, from_line_z) = field(place.z);
        let nearest = from_line_x.min(from_line_z);
        // Lines get wider and fainter with the distance instead of breaking into dots.
        let width = 0.06 + 0.0016 * distance;
        let line = (1.0 - nearest / width).max(0.0) * (0.10 / width).min(1.0);
        let brightness = if (field_x + field_z) % 2 == 0 { 0.85 } else { 1.15 };
        (FLOOR * brightness).lerp(LINES, line)
    }

    fn sunlight(&self, place: Vec3, normal: Vec3) -> Vec3 {
        let slant = normal.dot(self.shadows.towards_sun);
        if slant <= 0.0 {
            return Vec3::ZERO;
        }
        self.scene.sun.colour * (slant * self.shadows.light_at(place, normal))
    }

    /// The sky from above, and what the floor throws back from below.
    fn ambient(&self, normal: Vec3) -> Vec3 {
        const BELOW: Vec3 = Vec3::new(0.07, 0.06, 0.06);
        const ABOVE: Vec3 = Vec3::new(0.16, 0.20, 0.30);
        BELOW.lerp(ABOVE, 0.5 + 0.5 * normal.y)
    }

    fn lamps(&self, place: Vec3, normal: Vec3) -> Vec3 {
        let mut sum = Vec3::ZERO;
        for light in self.lights {
            let to_light = light.place - place;
            let squared = to_light.length_squared();
            let slant = to_light.dot(normal);
            if slant > 0.0 && squared < LAMPS_REACH * LAMPS_REACH {
                let fading = 1.0 - squared / (LAMPS_REACH * LAMPS_REACH);
                sum += light.colour * (slant * fading * fading / ((squared + 1.0) * squared.sqrt()));
            }
        }
        sum
    }

    fn sky(&self, direction: Vec3) -> Vec3 {
        let height = (2.0 * direction.y).clamp(0.0, 1.0).sqrt();
        let near_sun = direction.dot(self.shadows.towards_sun).max(0.0).powi(8);
        HORIZON.lerp(ZENITH, height) + self.scene.sun.colour * (0.12 * near_sun)
    }
}

/// How much of what is seen is haze, by the squared distance.
fn hazy(squared: f32) -> f32 {
    squared / (squared + HAZE_FROM * HAZE_FROM)
}

/// The number of the field of five metres that a coordinate of the arena is in, and how far its nearest line is.
fn field(coordinate: f32) -> (u32, f32) {
    // Made positive, a cast cuts off the fraction: no call of `floor`.
    let fields = coordinate / 5.0 + 100.0;
    let number = fields as u32;
    let within = fields - number as f32;
    (number, within.min(1.0 - within) * 5.0)
}
