//! The samples of the sounds of a scene: read from WAV files, or computed. Each sound is a background job, so that they
//! are made while the rest of the game is set up.

use crate::random::Random;
use crate::scene::Sound;
use std::f32::consts::TAU;
use std::path::PathBuf;

/// Samples a second.
pub const RATE: u32 = 48_000;

/// One channel, in -1 to 1.
#[derive(Debug)]
pub struct Clip {
    pub samples: Vec<f32>,
}

/// Makes the samples of a sound; files are looked for in `directory`.
#[micropool::job(background)]
pub fn make(sound: Sound, directory: PathBuf) -> Result<Clip, String> {
    let (mut samples, gain) = match sound {
        Sound::Wav { file, gain } => (read(directory.join(file))?, gain),
        Sound::Bell { pitch, seconds, gain } => (bell(pitch, seconds), gain),
        Sound::Pad { pitches, gain } => (pad(&pitches), gain),
        Sound::Rumble { seconds, gain, seed } => (rumble(seconds, seed), gain),
    };
    for sample in &mut samples {
        *sample *= gain;
    }
    Ok(Clip { samples })
}

fn read(path: PathBuf) -> Result<Vec<f32>, String> {
    let fault = |cause: String| {
        format!("the sound file {}: {cause}\nput a WAV file there, or correct the name in the scene", path.display())
    };
    let mut wav = hound::WavReader::open(&path).map_err(|error| fault(error.to_string()))?;
    let format = wav.spec();
    if format.sample_format != hound::SampleFormat::Int || format.channels != 1 || format.bits_per_sample != 16 {
        return Err(fault("it must have one channel of 16-bit integers".to_owned()));
    }
    let samples: Vec<f32> = wav
        .samples::<i16>()
        .map(|sample| sample.map(|sample| f32::from(sample) / 32_768.0))
        .collect::<Result<_, _>>()
        .map_err(|error| fault(error.to_string()))?;
    if samples.is_empty() || format.sample_rate == 0 {
        return Err(fault("there are no samples in it".to_owned()));
    }
    Ok(resampled(&samples, format.sample_rate as f32 / RATE as f32))
}

fn resampled(samples: &[f32], step: f32) -> Vec<f32> {
    let len = (samples.len() as f32 / step) as usize;
    let at = |index: usize| samples[index.min(samples.len() - 1)];
    (0..len)
        .map(|index| {
            let place = index as f32 * step;
            let (before, between) = (place as usize, place.fract());
            at(before) + (at(before + 1) - at(before)) * between
        })
        .collect()
}

fn seconds_of(count: f32) -> impl Iterator<Item = f32> {
    (0..(count * RATE as f32) as usize).map(|index| index as f32 / RATE as f32)
}

fn bell(pitch: f32, seconds: f32) -> Vec<f32> {
    // The ratios of a real bell's partials; the higher, the sooner gone.
    const PARTIALS: [(f32, f32); 5] = [(0.5, 0.3), (1.0, 0.5), (1.19, 0.3), (2.0, 0.25), (2.74, 0.15)];
    seconds_of(seconds)
        .map(|second| {
            let fade = |ratio: f32| (-second * (3.0 + 3.0 * ratio) / seconds).exp();
            let struck = (second * 400.0).min(1.0);
            let end = ((seconds - second) * 200.0).min(1.0);
            let partial = |(ratio, strength): (f32, f32)| (TAU * pitch * ratio * second).sin() * strength * fade(ratio);
            struck * end * PARTIALS.into_iter().map(partial).sum::<f32>()
        })
        .collect()
}

fn pad(pitches: &[f32]) -> Vec<f32> {
    // Whole numbers of periods in the loop, or it would click where it starts again.
    const SECONDS: f32 = 8.0;
    let whole = |pitch: f32| (pitch * SECONDS).round() / SECONDS;
    seconds_of(SECONDS)
        .map(|second| {
            let voice = |(index, pitch): (usize, &f32)| {
                let swell = 0.6 + 0.4 * (TAU * second * (1 + index) as f32 / SECONDS).sin();
                let beating = (TAU * whole(*pitch) * second).sin() + (TAU * whole(pitch * 1.004) * second).sin();
                swell * beating
            };
            pitches.iter().enumerate().map(voice).sum::<f32>() / (2 * pitches.len()) as f32
        })
        .collect()
}

fn rumble(seconds: f32, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed);
    let (mut low, mut lower) = (0.0, 0.0);
    seconds_of(seconds)
        .map(|second| {
            // Two filters in a row, which close as the rumble fades.
            let left = 1.0 - second / seconds;
            let open = 0.02 + 0.15 * left.powi(4);
            low += (random.within(-1.0..1.0) - low) * open;
            lower += (low - lower) * open;
            lower * 4.0 * left * left * (second * 300.0).min(1.0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computed_sounds_are_heard_and_stay_in_range() {
        for samples in [bell(440.0, 0.5), pad(&[110.0, 165.0]), rumble(0.5, 1)] {
            let loudest = samples.iter().fold(0.0f32, |loudest, sample| loudest.max(sample.abs()));
            assert!((0.05..=1.6).contains(&loudest), "{loudest}");
        }
    }

    #[test]
    fn resampling_keeps_the_length_in_seconds() {
        assert_eq!(resampled(&[0.0; 22_050], 22_050.0 / RATE as f32).len(), RATE as usize);
    }

    #[test]
    fn a_missing_file_is_named() {
        assert!(read("no/such.wav".into()).unwrap_err().contains("no/such.wav"));
    }
}
