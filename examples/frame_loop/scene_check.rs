//! Whether the values of a scene make sense. Each fault is a sentence that names the value and what it may be; all of
//! them are collected, so that a file is mended in one go.

use crate::scene::{Material, Mind, Scene, Sound};
use glam::Vec3;
use std::ops::RangeInclusive;

/// With more, a frame takes seconds; a typo is likelier than a wish.
const BODIES: RangeInclusive<usize> = 1..=100_000;
/// Fixed bodies are tested against every moving one.
const MOST_FIXED: usize = 64;
/// Lights are summed up in every pixel.
pub const MOST_LIGHTS: usize = 8;
/// The broad phase has cells as wide as the widest moving body.
const MOVING_RADIUS: RangeInclusive<f32> = 0.05..=1.5;

#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn unless(&mut self, fine: bool, fault: impl FnOnce() -> String) {
        if !fine {
            self.0.push(fault());
        }
    }

    fn number(&mut self, name: &str, value: f32, may_be: RangeInclusive<f32>) {
        // `contains` is false for NaN too.
        self.unless(may_be.contains(&value), || {
            format!("{name} is {value}, and must be from {} to {}", may_be.start(), may_be.end())
        });
    }

    fn vector(&mut self, name: &str, value: Vec3, may_be: RangeInclusive<f32>) {
        self.unless(value.to_array().iter().all(|value| may_be.contains(value)), || {
            format!("{name} is {value}, and its parts must be from {} to {}", may_be.start(), may_be.end())
        });
    }

    fn mind(&mut self, name: &str, mind: Option<Mind>) {
        match mind {
            None => {}
            Some(Mind::Flock { speed }) => self.number(&format!("{name}: mind.speed"), speed, -50.0..=50.0),
            Some(Mind::Orbit { around, speed }) => {
                self.vector(&format!("{name}: mind.around"), around, -1000.0..=1000.0);
                self.number(&format!("{name}: mind.speed"), speed, -50.0..=50.0);
            }
            Some(Mind::Hop { every, speed }) => {
                self.number(&format!("{name}: mind.every"), every, 0.1..=600.0);
                self.number(&format!("{name}: mind.speed"), speed, 0.1..=50.0);
            }
        }
    }
}

impl Scene {
    /// What is wrong with the values; empty if nothing is.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Faults::default();
        self.check_surroundings(&mut faults);
        self.check_sounds(&mut faults);
        self.check_bodies(&mut faults);
        self.check_recording(&mut faults);
        faults.0
    }

    fn check_surroundings(&self, faults: &mut Faults) {
        faults.number("arena.radius", self.arena.radius, 5.0..=200.0);
        faults.number("arena.gravity", self.arena.gravity, 0.0..=100.0);
        faults.number("arena.bounce", self.arena.bounce, 0.0..=1.0);
        faults.number("arena.rolling", self.arena.rolling, 0.0..=1.0);
        faults.vector("camera.looks_at", self.camera.looks_at, -1000.0..=1000.0);
        faults.number("camera.distance", self.camera.distance, 1.0..=500.0);
        faults.number("camera.height", self.camera.height, 0.1..=500.0);
        faults.number("camera.angle", self.camera.angle, -360.0..=360.0);
        faults.number("camera.turns", self.camera.turns, -360.0..=360.0);
        faults.number("camera.field_of_view", self.camera.field_of_view, 10.0..=120.0);
        faults.vector("sun.stands_at", self.sun.stands_at, -1000.0..=1000.0);
        faults.unless(self.sun.stands_at.y > 0.1 * self.sun.stands_at.length(), || {
            format!("sun.stands_at is {}, and its y must be well above the floor", self.sun.stands_at)
        });
        faults.vector("sun.colour", self.sun.colour, 0.0..=20.0);
        for (name, Material { colour, stripe, gloss }) in &self.materials {
            faults.vector(&format!("materials[{name:?}].colour"), *colour, 0.0..=1.0);
            faults.vector(&format!("materials[{name:?}].stripe"), *stripe, 0.0..=1.0);
            faults.number(&format!("materials[{name:?}].gloss"), *gloss, 0.0..=1.0);
        }
    }

    fn check_sounds(&self, faults: &mut Faults) {
        for (name, sound) in &self.sounds {
            let name = format!("sounds[{name:?}]");
            let gain = match sound {
                Sound::Wav { gain, .. } => *gain,
                Sound::Bell { pitch, seconds, gain } => {
                    faults.number(&format!("{name}.pitch"), *pitch, 20.0..=10_000.0);
                    faults.number(&format!("{name}.seconds"), *seconds, 0.01..=10.0);
                    *gain
                }
                Sound::Pad { pitches, gain } => {
                    faults
                        .unless(!pitches.is_empty(), || format!("{name}.pitches is empty, and must have one at least"));
                    for pitch in pitches {
                        faults.number(&format!("{name}.pitches"), *pitch, 20.0..=10_000.0);
                    }
                    *gain
                }
                Sound::Rumble { seconds, gain, .. } => {
                    faults.number(&format!("{name}.seconds"), *seconds, 0.01..=10.0);
                    *gain
                }
            };
            faults.number(&format!("{name}.gain"), gain, 0.0..=4.0);
        }
        for name in &self.ambience {
            self.check_sound("ambience", name, faults);
        }
    }

    fn check_bodies(&self, faults: &mut Faults) {
        let moving = self.groups.iter().fold(0usize, |sum, group| sum.saturating_add(group.count));
        faults.unless(BODIES.contains(&moving), || {
            format!("groups have {moving} bodies in all, and must have from {} to {}", BODIES.start(), BODIES.end())
        });
        for group in &self.groups {
            let name = format!("groups[{:?}]", group.name);
            faults.unless(group.count > 0, || {
                format!("{name}.count is 0, and must be 1 or more; or leave the group out")
            });
            let (least, most) = group.radius;
            faults.number(&format!("{name}.radius.0"), least, MOVING_RADIUS);
            faults.number(&format!("{name}.radius.1"), most, MOVING_RADIUS);
            faults.unless(least <= most, || format!("{name}.radius is ({least}, {most}), and must be (least, most)"));
            faults.vector(&format!("{name}.within.centre"), group.within.centre, -1000.0..=1000.0);
            faults.number(&format!("{name}.within.radius"), group.within.radius, 0.0..=self.arena.radius.max(0.0));
            faults.number(&format!("{name}.within.height"), group.within.height, 0.0..=200.0);
            faults.unless(!group.materials.is_empty(), || {
                format!("{name}.materials is empty, and must have one at least")
            });
            for material in &group.materials {
                self.check_material(&name, material, faults);
            }
            faults.mind(&name, group.mind);
            if let Some(sound) = &group.impact {
                self.check_sound(&format!("{name}.impact"), sound, faults);
            }
        }
        for single in &self.entities {
            let name = format!("entities[{:?}]", single.name);
            faults.vector(&format!("{name}.at"), single.at, -1000.0..=1000.0);
            let may_be = if single.fixed { 0.05..=50.0 } else { MOVING_RADIUS };
            faults.number(&format!("{name}.radius"), single.radius, may_be);
            self.check_material(&name, &single.material, faults);
            faults.mind(&name, single.mind);
            if let Some(light) = single.light {
                faults.vector(&format!("{name}.light"), light, 0.0..=100.0);
            }
            if let Some(sound) = &single.hum {
                self.check_sound(&format!("{name}.hum"), sound, faults);
            }
        }
        let fixed = self.entities.iter().filter(|single| single.fixed).count();
        faults.unless(fixed <= MOST_FIXED, || format!("{fixed} entities are fixed, and {MOST_FIXED} may be at most"));
        let lights = self.entities.iter().filter(|single| single.light.is_some()).count();
        faults
            .unless(lights <= MOST_LIGHTS, || format!("{lights} entities have a light, and {MOST_LIGHTS} may at most"));
    }

    fn check_recording(&self, faults: &mut Faults) {
        let mut before = 0.0;
        for (index, command) in self.recording.iter().enumerate() {
            let name = format!("recording[{index}]");
            faults.number(&format!("{name}.seconds"), command.seconds, 0.0..=3600.0);
            faults.unless(command.seconds >= before, || {
                format!("{name}.seconds is {}, and must not be before the {before} above it", command.seconds)
            });
            before = command.seconds;
            faults.vector(&format!("{name}.blast.at"), command.blast.at, -1000.0..=1000.0);
            faults.number(&format!("{name}.blast.reach"), command.blast.reach, 0.1..=200.0);
            faults.number(&format!("{name}.blast.speed"), command.blast.speed, 0.0..=100.0);
            self.check_sound(&format!("{name}.blast.sound"), &command.blast.sound, faults);
        }
    }

    fn check_material(&self, user: &str, name: &str, faults: &mut Faults) {
        faults.unless(self.materials.contains_key(name), || {
            format!("{user} names the material {name:?}, and there are {}", names(self.materials.keys()))
        });
    }

    fn check_sound(&self, user: &str, name: &str, faults: &mut Faults) {
        faults.unless(self.sounds.contains_key(name), || {
            format!("{user} names the sound {name:?}, and there are {}", names(self.sounds.keys()))
        });
    }
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> String {
    match names.map(String::as_str).collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => "none".to_owned(),
        names => names,
    }
}
