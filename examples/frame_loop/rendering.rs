//! The node `rendering`: the picture, by casting a ray through each pixel. Rows are taken in bands, by any thread: first
//! what is nearest in each pixel, then its colour, computed once a pixel however many balls lie behind each other.

use crate::culling::Visible;
use crate::input::{Input, View};
use crate::parallel_for::ParallelFor;
use crate::scene::Scene;
use crate::shading::Shading;
use crate::shadows::ShadowMap;
use crate::world::Checksum;
use glam::Vec3;
use std::path::Path;

pub const WIDTH: usize = 432;
pub const HEIGHT: usize = 240;
/// Rows that a thread takes at a time.
const BAND: usize = 8;
/// In place of the number of a ball.
const NONE: u32 = u32::MAX;

type Pixel = [u8; 3];

/// The picture, and room for what is known of its pixels.
pub struct Canvas {
    bands: Vec<Band>,
}

struct Band {
    pixels: Vec<Pixel>,
    /// How far along its ray each pixel's ball is, and its number.
    nearest: Vec<(f32, u32)>,
    light: Vec<[f32; 3]>,
}

impl Canvas {
    pub fn new() -> Self {
        let len = WIDTH * BAND;
        let band =
            |_| Band { pixels: vec![[0; 3]; len], nearest: vec![(f32::MAX, NONE); len], light: vec![[0.0; 3]; len] };
        Self { bands: (0..HEIGHT / BAND).map(band).collect() }
    }

    fn pixels(&self) -> Vec<u8> {
        self.bands.iter().flat_map(|band| band.pixels.as_flattened()).copied().collect()
    }

    pub fn checksum(&self) -> Checksum {
        let mut sum = Checksum::new();
        sum.bytes(&self.pixels());
        sum
    }

    pub fn write(&self, path: &Path) -> Result<(), png::EncodingError> {
        let file = std::fs::File::create(path)?;
        let mut png = png::Encoder::new(std::io::BufWriter::new(file), WIDTH as u32, HEIGHT as u32);
        png.set_color(png::ColorType::Rgb);
        png.set_depth(png::BitDepth::Eight);
        png.write_header()?.write_image_data(&self.pixels())
    }
}

/// Draws a frame.
pub fn draw<P: ParallelFor>(
    pool: P,
    scene: &Scene,
    input: &Input,
    visible: &Visible,
    shadows: &ShadowMap,
    canvas: &mut Canvas,
) {
    let shading = Shading { scene, view: &input.view, lights: &visible.lights, shadows };
    pool.for_each(&mut canvas.bands, 1, |band, pixels| {
        let first_row = band * BAND;
        pixels.find_nearest(&input.view, visible, first_row);
        pixels.shade(&shading, visible, first_row);
    });
}

/// The ray through a pixel, in the camera's directions and one metre deep.
fn ray(view: &View, column: usize, row: usize) -> Vec3 {
    let scale = 2.0 * view.half_height / HEIGHT as f32;
    let right = (column as f32 + 0.5 - 0.5 * WIDTH as f32) * scale;
    let up = (0.5 * HEIGHT as f32 - row as f32 - 0.5) * scale;
    Vec3::new(right, up, 1.0)
}

impl Band {
    fn find_nearest(&mut self, view: &View, visible: &Visible, first_row: usize) {
        self.nearest.fill((f32::MAX, NONE));
        for (number, ball) in visible.balls.iter().enumerate() {
            let beyond = ball.from_eye.length_squared() - ball.radius * ball.radius;
            for row in ball.rows.start.max(first_row)..ball.rows.end.min(first_row + BAND) {
                let pixels = &mut self.nearest[(row - first_row) * WIDTH..][..WIDTH];
                for column in ball.columns.clone() {
                    let ray = ray(view, column, row);
                    let (along, squared) = (ray.dot(ball.from_eye), ray.length_squared());
                    let inside = along * along - squared * beyond;
                    if inside > 0.0 {
                        let distance = (along - inside.sqrt()) / squared;
                        if distance < pixels[column].0 {
                            pixels[column] = (distance, number as u32);
                        }
                    }
                }
            }
        }
    }

    fn shade(&mut self, shading: &Shading<'_>, visible: &Visible, first_row: usize) {
        let view = shading.view;
        for (index, (distance, number)) in self.nearest.iter().enumerate() {
            let ray = ray(view, index % WIDTH, first_row + index / WIDTH);
            let direction = view.right * ray.x + view.up * ray.y + view.forward;
            let colour = match visible.balls.get(*number as usize) {
                Some(ball) => shading.ball(ball, view.eye + direction * *distance, direction.normalize()),
                None => shading.surroundings(direction.normalize()),
            };
            self.light[index] = colour.to_array();
        }
        // In a loop of its own, over plain numbers: the compiler takes several at a time.
        for (part, light) in self.pixels.as_flattened_mut().iter_mut().zip(self.light.as_flattened()) {
            *part = for_screen(*light);
        }
    }
}

/// Bright light saturates as on film; the square root stands for the curve of a screen.
fn for_screen(light: f32) -> u8 {
    let exposed = 1.35 * light / (light + 0.9);
    (exposed.sqrt() * 255.0) as u8
}
