//! The stages of loading, as plain functions: bytes → picture → mip-maps → compressed texture. What is common to all pools.

use crate::parallel_for::ParallelFor;
use std::fs;
use std::path::PathBuf;
use texpresso::{Algorithm, Format, Params};

/// A file as it was read.
pub struct File {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
}

/// Four bytes a pixel.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub rgba: Vec<u8>,
}

/// All levels, compressed, the biggest first.
pub struct Texture {
    pub levels: Vec<Vec<u8>>,
    pub bytes_of_pixels: usize,
}

pub fn read(path: PathBuf) -> Result<File, String> {
    match fs::read(&path) {
        Ok(bytes) => Ok(File { path, bytes }),
        Err(error) => Err(format!("can't read {}: {error}; give another directory with --dir", path.display())),
    }
}

pub fn decode(File { path, bytes }: &File) -> Result<Picture, String> {
    let fault = |cause: &str| format!("{} {cause}; delete it, and it is made anew", path.display());
    let wrong = |error: png::DecodingError| fault(&format!("is no PNG file: {error}"));
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().map_err(wrong)?;
    let size = reader.output_buffer_size().ok_or_else(|| fault("is too big for this machine's memory"))?;
    let mut rgba = vec![0; size];
    let info = reader.next_frame(&mut rgba).map_err(wrong)?;
    if (info.color_type, info.bit_depth) != (png::ColorType::Rgba, png::BitDepth::Eight) {
        return Err(fault(&format!("has {:?} pixels of {:?} bits, not RGBA of 8", info.color_type, info.bit_depth)));
    }
    rgba.truncate(info.buffer_size());
    Ok(Picture { width: info.width as usize, height: info.height as usize, rgba })
}

/// The picture and its halves, down to one pixel.
pub fn mip_maps<P: ParallelFor>(picture: Picture) -> Vec<Picture> {
    let mut levels = vec![picture];
    while let Some(last) = levels.last().filter(|last| last.width > 1 || last.height > 1) {
        let next = half(last);
        levels.push(next);
        P::make_way();
    }
    levels
}

/// The mean of four pixels becomes one.
fn half(picture: &Picture) -> Picture {
    let (width, height) = ((picture.width / 2).max(1), (picture.height / 2).max(1));
    let mut rgba = Vec::with_capacity(width * height * 4);
    let channel = |x: usize, y: usize, c: usize| {
        let (x, y) = (x.min(picture.width - 1), y.min(picture.height - 1));
        u32::from(picture.rgba[(y * picture.width + x) * 4 + c])
    };
    for y in 0..height {
        for x in 0..width {
            for c in 0..4 {
                let corners = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| channel(2 * x + dx, 2 * y + dy, c));
                rgba.push((corners.iter().sum::<u32>() / 4) as u8);
            }
        }
    }
    Picture { width, height, rgba }
}

/// BC1: eight bytes for four pixels by four.
pub fn compress<P: ParallelFor>(levels: &[Picture]) -> Texture {
    // One row of blocks at a time, so that the frame may have the thread in between.
    const BLOCK: usize = 4;
    let params = Params { algorithm: Algorithm::RangeFit, ..Params::default() };
    let compress = |level: &Picture| {
        let mut output = Vec::with_capacity(Format::Bc1.compressed_size(level.width, level.height));
        for rows in level.rgba.chunks(level.width * 4 * BLOCK) {
            let height = rows.len() / (level.width * 4);
            let begin = output.len();
            output.resize(begin + Format::Bc1.compressed_size(level.width, height), 0);
            Format::Bc1.compress(rows, level.width, height, params, &mut output[begin..]);
            P::make_way();
        }
        output
    };
    Texture {
        levels: levels.iter().map(compress).collect(),
        bytes_of_pixels: levels.iter().map(|level| level.rgba.len()).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::{self, SIDE};
    use crate::parallel_for::OneThread;
    use std::path::Path;

    #[test]
    fn a_texture_looks_like_the_picture_it_was_made_of() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/streaming/tests/stages");
        let paths = assets::prepare(&dir, 2).unwrap();
        let picture = decode(&read(paths[1].clone()).unwrap()).unwrap();
        assert_eq!((picture.width, picture.height), (SIDE, SIDE));
        assert_eq!(picture.rgba, assets::clouds(1));
        let levels = mip_maps::<OneThread>(picture);
        assert_eq!(levels.len(), 9, "256 to 1");
        let texture = compress::<OneThread>(&levels);
        for (level, compressed) in levels.iter().zip(&texture.levels) {
            let mut back = vec![0; level.rgba.len()];
            Format::Bc1.decompress(compressed, level.width, level.height, &mut back);
            let error: u32 = back.iter().zip(&level.rgba).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
            assert!(error / (level.rgba.len() as u32) < 8, "mean error of the level {}: {error}", level.width);
        }
    }

    #[test]
    fn wrong_files_are_told() {
        assert!(read("no/such.png".into()).err().unwrap().contains("no/such.png"));
        let error = decode(&File { path: "a/wrong.png".into(), bytes: b"no picture".to_vec() }).err().unwrap();
        assert!(error.contains("a/wrong.png is no PNG file"), "{error}");
    }
}
