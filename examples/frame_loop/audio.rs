//! The node `audio`: a mixer with a fixed number of voices, each with its place, its distance and its speed towards the
//! ear. Voices sit in lanes; a lane is mixed by one thread, and lanes are summed in their order, so that the sound is the
//! same on any number of threads.

use crate::input::{FRAME_SECONDS, Input};
use crate::parallel_for::ParallelFor;
use crate::physics::Motion;
use crate::scene::Scene;
use crate::sound::{Clip, RATE};
use crate::world::{Checksum, Hit, Hum, ImpactSound, Place, Slot};
use glam::Vec3;
use hecs::{Entity, World};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Sample frames, left and right, in a frame of the game.
const SAMPLES: usize = RATE as usize / 60;
const LANES: usize = 12;
const VOICES_A_LANE: usize = 8;
/// The hardest hits of a frame are heard; the others drown in them.
const HITS_A_FRAME: usize = 4;
/// Slower hits make no sound.
const HEARD_FROM: f32 = 5.0;
const SPEED_OF_SOUND: f32 = 343.0;
/// Closer than this, sounds get no louder.
const NEAREST: f32 = 8.0;

/// All sounds of a scene, by number, and the numbers by name.
pub struct Sounds {
    pub clips: Vec<Clip>,
    pub numbers: BTreeMap<String, usize>,
}

impl Sounds {
    /// Every name in a scene that was checked has a number.
    pub fn number(&self, name: &str) -> usize {
        self.numbers[name]
    }
}

#[derive(Clone, Copy)]
enum Source {
    Everywhere,
    Spot(Vec3),
    Moving(Entity),
}

/// A sound that is being played.
struct Voice {
    source: Source,
    clip: usize,
    looped: bool,
    volume: f32,
    /// In samples of the clip.
    played: f64,
    /// What it plays with by the end of this frame, and what it had at the end of the last: steps would click.
    wanted: Tone,
    tone: Tone,
    /// The state of the filter that takes the heights from what is far.
    muffled: f32,
}

#[derive(Clone, Copy, PartialEq)]
struct Tone {
    left: f32,
    right: f32,
    speed: f32,
    /// 1 lets everything through.
    open: f32,
    distance: f32,
}

struct Lane {
    voices: Vec<Voice>,
    mixed: Vec<[f32; 2]>,
}

pub struct Mixer {
    sounds: Arc<Sounds>,
    lanes: Vec<Lane>,
    echo: Echo,
    /// All that was played.
    tape: Vec<[f32; 2]>,
}

impl Mixer {
    /// With the sounds that never end already playing. Room for `frames` is made now, not in the middle of a frame.
    pub fn new(scene: &Scene, sounds: Arc<Sounds>, world: &World, frames: usize) -> Self {
        let lane = |_| Lane { voices: Vec::with_capacity(VOICES_A_LANE), mixed: vec![[0.0; 2]; SAMPLES] };
        let tape = Vec::with_capacity(frames.saturating_mul(SAMPLES).min(1 << 26));
        let lanes = (0..LANES).map(lane).collect();
        let mut mixer = Self { sounds, lanes, echo: Echo::new(), tape };
        for name in &scene.ambience {
            mixer.play(Source::Everywhere, mixer.sounds.number(name), true, 1.0, 0.0);
        }
        for (entity, hum) in world.query::<(Entity, &Hum)>().iter() {
            // They start at different points, or the same hum from two places would sound like one.
            let start = entity.id() as f64 * 7919.0;
            mixer.play(Source::Moving(entity), hum.0, true, 1.0, start);
        }
        mixer
    }

    /// Drops the sound if no voice is free.
    fn play(&mut self, source: Source, clip: usize, looped: bool, volume: f32, start: f64) {
        let Some(lane) = self.lanes.iter_mut().min_by_key(|lane| lane.voices.len()) else { return };
        if lane.voices.len() < VOICES_A_LANE {
            let silent = Tone { left: 0.0, right: 0.0, speed: 1.0, open: 1.0, distance: f32::NAN };
            let voice =
                Voice { source, clip, looped, volume, played: start, wanted: silent, tone: silent, muffled: 0.0 };
            lane.voices.push(voice);
        }
    }

    pub fn checksum(&self) -> Checksum {
        let mut sum = Checksum::new();
        sum.floats(self.tape.as_flattened());
        sum
    }

    pub fn write(&self, path: &Path) -> Result<(), hound::Error> {
        let format = hound::WavSpec {
            channels: 2,
            sample_rate: RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut wav = hound::WavWriter::create(path, format)?;
        for sample in self.tape.as_flattened() {
            wav.write_sample((sample * f32::from(i16::MAX)) as i16)?;
        }
        wav.finalize()
    }
}

/// Mixes one frame and appends it to the tape.
pub fn mix<P: ParallelFor>(pool: P, input: &Input, motion: &Motion, world: &World, mixer: &mut Mixer) {
    start_voices(input, world, mixer);
    aim_voices(input, motion, world, mixer);
    let Mixer { sounds, lanes, echo, tape, .. } = mixer;
    pool.for_each(lanes, 1, |_, lane| lane.mix(&sounds.clips));
    for sample in 0..SAMPLES {
        let mut sum = [0.0; 2];
        for lane in lanes.iter() {
            sum[0] += lane.mixed[sample][0];
            sum[1] += lane.mixed[sample][1];
        }
        // Never clips: loud passages are squeezed below 1.
        tape.push(echo.through(sum).map(f32::tanh));
    }
}

fn start_voices(input: &Input, world: &World, mixer: &mut Mixer) {
    for active in input.blasts.iter().filter(|active| active.now) {
        let number = mixer.sounds.number(&active.blast.sound);
        mixer.play(Source::Spot(active.blast.at), number, false, 1.0, 0.0);
    }
    let mut hits: Vec<_> = world
        .query::<(&Slot, &Hit, &ImpactSound, &Place)>()
        .iter()
        .filter(|(_, hit, ..)| hit.0 > HEARD_FROM)
        .map(|(slot, hit, sound, place)| (hit.0, slot.0, sound.0, place.0))
        .collect();
    hits.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for (speed, _, clip, place) in hits.into_iter().take(HITS_A_FRAME) {
        mixer.play(Source::Spot(place), clip, false, (speed / 20.0).min(1.0), 0.0);
    }
}

/// Where each voice is now, as seen from the ear.
fn aim_voices(input: &Input, motion: &Motion, world: &World, mixer: &mut Mixer) {
    // What is heard everywhere swells when there is much going on.
    let swell = 0.5 + 0.5 * (motion.average_speed / 8.0).min(1.0);
    for voice in mixer.lanes.iter_mut().flat_map(|lane| &mut lane.voices) {
        let place = match voice.source {
            Source::Everywhere => None,
            Source::Spot(place) => Some(place),
            Source::Moving(entity) => world.get::<&Place>(entity).ok().map(|place| place.0),
        };
        let last = voice.wanted.distance;
        voice.wanted = match place {
            None => {
                Tone { left: swell * voice.volume, right: swell * voice.volume, speed: 1.0, open: 1.0, distance: 0.0 }
            }
            Some(place) => {
                let from_ear = input.view.locate(place);
                let distance = from_ear.length();
                let volume = voice.volume * NEAREST / distance.max(NEAREST);
                // Equal power: a sound that crosses the middle keeps its loudness.
                let side = 0.5 + 0.45 * from_ear.x / distance.max(1.0);
                // Doppler: what moves away is lower.
                let away = if last.is_nan() { 0.0 } else { (distance - last) / FRAME_SECONDS };
                let speed = (1.0 - away / SPEED_OF_SOUND).clamp(0.5, 2.0);
                let open = 12.0 / (12.0 + distance);
                Tone { left: volume * (1.0 - side).sqrt(), right: volume * side.sqrt(), speed, open, distance }
            }
        };
        if last.is_nan() {
            // What has just begun begins at once.
            voice.tone = voice.wanted;
        }
    }
}

impl Lane {
    fn mix(&mut self, clips: &[Clip]) {
        self.mixed.fill([0.0; 2]);
        self.voices.retain_mut(|voice| voice.play(&clips[voice.clip].samples, &mut self.mixed));
    }
}

impl Voice {
    /// Adds a frame to `mixed`; `false` when the sound has ended.
    fn play(&mut self, samples: &[f32], mixed: &mut [[f32; 2]]) -> bool {
        let len = samples.len() as f64;
        let (from, to) = (self.tone, self.wanted);
        self.tone = to;
        let per_sample = 1.0 / SAMPLES as f32;
        let between = |from: f32, to: f32, index: usize| from + (to - from) * index as f32 * per_sample;
        for (index, out) in mixed.iter_mut().enumerate() {
            if self.played >= len {
                if !self.looped {
                    return false;
                }
                self.played %= len;
            }
            let place = self.played as usize;
            let next = if place + 1 < samples.len() { place + 1 } else { 0 };
            let sample = blend(samples[place], samples[next], self.played.fract() as f32);
            self.muffled += (sample - self.muffled) * to.open;
            out[0] += self.muffled * between(from.left, to.left, index);
            out[1] += self.muffled * between(from.right, to.right, index);
            self.played += f64::from(between(from.speed, to.speed, index));
        }
        true
    }
}

fn blend(before: f32, after: f32, between: f32) -> f32 {
    before + (after - before) * between
}

/// A hall: what was heard comes back later, softer, and from the other side.
struct Echo {
    line: Vec<[f32; 2]>,
    at: usize,
}

impl Echo {
    const SECONDS: f32 = 0.23;
    const LEFT_OVER: f32 = 0.3;

    fn new() -> Self {
        Self { line: vec![[0.0; 2]; (Self::SECONDS * RATE as f32) as usize], at: 0 }
    }

    fn through(&mut self, [left, right]: [f32; 2]) -> [f32; 2] {
        let [was_left, was_right] = self.line[self.at];
        let out = [left + was_right * Self::LEFT_OVER, right + was_left * Self::LEFT_OVER];
        self.line[self.at] = out;
        self.at = (self.at + 1) % self.line.len();
        out
    }
}
