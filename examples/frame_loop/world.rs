//! The entities of the game: their components, how a scene becomes a `hecs` world, and the checksum that tells whether
//! two worlds are the same to the last bit.

use crate::random::Random;
use crate::scene::Scene;
use glam::{Quat, Vec3};
use hecs::World;
use std::f32::consts::TAU;

/// Where it is.
#[derive(Clone, Copy)]
pub struct Place(pub Vec3);

/// Metres a second.
#[derive(Clone, Copy)]
pub struct Velocity(pub Vec3);

/// All bodies are balls.
#[derive(Clone, Copy)]
pub struct Body {
    pub radius: f32,
    /// Flocks are of one group; single entities have numbers above those of groups.
    pub group: u32,
}

/// The body's number in the arrays of the solver. Fixed bodies have none.
#[derive(Clone, Copy)]
pub struct Slot(pub u32);

/// The acceleration that its mind wants.
#[derive(Clone, Copy)]
pub struct Steer(pub Vec3);

/// The speed of the hardest hit of the last frame.
#[derive(Clone, Copy)]
pub struct Hit(pub f32);

/// What only the eye needs.
#[derive(Clone, Copy)]
pub struct Pose {
    pub spin: Quat,
    /// Bodies that were hit glow for a moment.
    pub glow: f32,
}

/// The name of the sound of a hit, as its number.
#[derive(Clone, Copy)]
pub struct ImpactSound(pub usize);

/// The number of the sound it makes all the time.
#[derive(Clone, Copy)]
pub struct Hum(pub usize);

/// Gives light of this colour.
#[derive(Clone, Copy)]
pub struct Lamp(pub Vec3);

/// How many entities a node's inner loop takes at a time.
pub const BATCH: u32 = 64;

/// Fills a world with what the scene describes. The same scene gives the same world, entity by entity.
///
/// `sound` gives the number of a sound by its name.
pub fn populate(scene: &Scene, sound: impl Fn(&str) -> usize) -> World {
    let mut world = World::new();
    let mut slots = (0..).map(Slot);
    let mut next_slot = || slots.next().expect("there are fewer bodies than u32s: the scene was checked");

    for (number, group) in scene.groups.iter().enumerate() {
        let mut random = Random::new(group.seed);
        for _ in 0..group.count {
            // The square root spreads them evenly over the disc.
            let (angle, distance) = (random.within(0.0..TAU), group.within.radius * random.unit().sqrt());
            let height = random.within(0.0..group.within.height);
            let place = group.within.centre + Vec3::new(angle.cos() * distance, height, angle.sin() * distance);
            let radius = random.within(group.radius.0..group.radius.1);
            let material = scene.materials[&group.materials[random.index(group.materials.len())]];
            let body = Body { radius, group: number as u32 };
            let entity = world.spawn((Place(place), body, material, pose(&mut random), Hit(0.0)));
            let moves = (next_slot(), Velocity(Vec3::ZERO), Steer(Vec3::ZERO));
            insert(&mut world, entity, moves);
            if let Some(mind) = group.mind {
                insert(&mut world, entity, (mind,));
            }
            if let Some(name) = &group.impact {
                insert(&mut world, entity, (ImpactSound(sound(name)),));
            }
        }
    }

    for (index, single) in scene.entities.iter().enumerate() {
        let mut random = Random::new(index as u64);
        let body = Body { radius: single.radius, group: (scene.groups.len() + index) as u32 };
        let material = scene.materials[&single.material];
        let pose = if single.fixed { Pose { spin: Quat::IDENTITY, glow: 0.0 } } else { pose(&mut random) };
        let entity = world.spawn((Place(single.at), body, material, pose, Hit(0.0)));
        if !single.fixed {
            insert(&mut world, entity, (next_slot(), Velocity(Vec3::ZERO), Steer(Vec3::ZERO)));
        }
        if let Some(mind) = single.mind {
            insert(&mut world, entity, (mind,));
        }
        if let Some(light) = single.light {
            insert(&mut world, entity, (Lamp(light),));
        }
        if let Some(name) = &single.hum {
            insert(&mut world, entity, (Hum(sound(name)),));
        }
    }
    world
}

fn insert(world: &mut World, entity: hecs::Entity, components: impl hecs::DynamicBundle) {
    world.insert(entity, components).expect("the entity was spawned a moment ago");
}

fn pose(random: &mut Random) -> Pose {
    let axis = Vec3::new(random.within(-1.0..1.0), random.within(-1.0..1.0), random.within(-1.0..1.0));
    Pose { spin: Quat::from_axis_angle(axis.normalize_or(Vec3::Y), random.within(0.0..TAU)), glow: 0.0 }
}

/// A running checksum (FNV-1a) over whatever must be the same in all executors.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Checksum(pub u64);

impl Checksum {
    pub fn new() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }

    /// Bit by bit: two worlds that look alike are not good enough.
    pub fn floats(&mut self, floats: &[f32]) {
        for float in floats {
            self.bytes(&float.to_bits().to_le_bytes());
        }
    }
}

/// The checksum of all that moves.
pub fn checksum(world: &World) -> Checksum {
    let mut sum = Checksum::new();
    for (place, pose, hit) in world.query::<(&Place, &Pose, &Hit)>().iter() {
        sum.floats(&place.0.to_array());
        sum.floats(&pose.spin.to_array());
        sum.floats(&[pose.glow, hit.0]);
    }
    for (velocity, steer) in world.query::<(&Velocity, &Steer)>().iter() {
        sum.floats(&velocity.0.to_array());
        sum.floats(&steer.0.to_array());
    }
    sum
}
