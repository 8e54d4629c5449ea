//! The textures on disk: PNG files of clouds, made once, each different.

use crate::random::Random;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// Width and height in pixels.
pub const SIDE: usize = 256;

/// The paths of so many textures in `dir`; those that aren't there are made.
pub fn prepare(dir: &Path, count: usize) -> Result<Vec<PathBuf>, String> {
    fs::create_dir_all(dir)
        .map_err(|error| format!("can't make the directory {}: {error}; give another with --dir", dir.display()))?;
    (0..count)
        .map(|number| {
            let path = dir.join(format!("cloud-{number:05}.png"));
            if !path.exists() {
                // Under another name until it is whole, lest a run that was stopped leave half a file.
                let unfinished = path.with_extension("unfinished");
                write(&unfinished, &clouds(number as u64))
                    .and_then(|()| fs::rename(&unfinished, &path).map_err(|error| error.to_string()))
                    .map_err(|error| {
                        format!("can't write {}: {error}; give another directory with --dir", path.display())
                    })?;
            }
            Ok(path)
        })
        .collect()
}

fn write(path: &Path, pixels: &[u8]) -> Result<(), String> {
    let file = BufWriter::new(File::create(path).map_err(|error| error.to_string())?);
    let mut encoder = png::Encoder::new(file, SIDE as u32, SIDE as u32);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
    writer.write_image_data(pixels).map_err(|error| error.to_string())?;
    writer.finish().map_err(|error| error.to_string())
}

/// Value noise of four octaves between two colours, as RGBA.
pub fn clouds(seed: u64) -> Vec<u8> {
    const LATTICE: usize = 64;
    let mut random = Random::new(seed);
    let lattice: Vec<f32> = (0..LATTICE * LATTICE).map(|_| random.unit()).collect();
    let colours = [(); 2].map(|()| [(); 3].map(|()| random.within(40.0..240.0)));
    let at = |x: usize, y: usize| lattice[y % LATTICE * LATTICE + x % LATTICE];
    let noise = |x: f32, y: f32| {
        let (left, top) = (x as usize, y as usize);
        let (across, down) = (x.fract(), y.fract());
        let mix = |a: f32, b: f32, share: f32| a + (b - a) * share * share * (3.0 - 2.0 * share);
        mix(mix(at(left, top), at(left + 1, top), across), mix(at(left, top + 1), at(left + 1, top + 1), across), down)
    };
    let mut pixels = Vec::with_capacity(SIDE * SIDE * 4);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let octave = |n: i32| noise(x as f32 * 2f32.powi(n - 6), y as f32 * 2f32.powi(n - 6)) * 0.5f32.powi(n + 1);
            let share = (0..4).map(octave).sum::<f32>();
            pixels.extend([0, 1, 2].map(|c| (colours[0][c] + (colours[1][c] - colours[0][c]) * share) as u8));
            pixels.push(255);
        }
    }
    pixels
}
