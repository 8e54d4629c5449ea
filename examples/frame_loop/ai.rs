//! The node `ai`: every body with a mind looks around and decides where it wants to go. It sees the world as it was at
//! the end of the last frame, so that the order in which bodies decide doesn't matter.

use crate::input::Input;
use crate::parallel_for::ParallelFor;
use crate::physics::Solver;
use crate::scene::{Mind, Scene};
use crate::world::{BATCH, Body, Place, Slot, Steer, Velocity};
use glam::Vec3;
use hecs::World;

/// How far a body of a flock sees.
const SIGHT: f32 = 2.2;
/// What legs can do at most, in metres a second squared.
const STRONGEST: f32 = 18.0;

pub fn decide<P: ParallelFor>(pool: P, scene: &Scene, input: &Input, world: &World, solver: &Solver) {
    let mut query = world.query::<(&Mind, &Body, &Slot, &Place, &Velocity, &mut Steer)>();
    let mut batches: Vec<_> = query.iter_batched(BATCH).collect();
    pool.for_each(&mut batches, 1, |_, batch| {
        for (mind, body, slot, place, velocity, steer) in batch {
            let wish = match *mind {
                Mind::Flock { speed } => flock(solver, scene, body, place.0, velocity.0, speed),
                Mind::Orbit { around, speed } => orbit(place.0 - around, velocity.0, speed),
                Mind::Hop { every, speed } => hop(input, body, *slot, place.0, every, speed),
            };
            *steer = Steer(wish + fear(input, place.0));
        }
    });
}

/// Apart from those too near, along with the others, around the arena, and not into the wall.
fn flock(solver: &Solver, scene: &Scene, body: &Body, at: Vec3, velocity: Vec3, speed: f32) -> Vec3 {
    let (mut apart, mut along, mut together, mut others) = (Vec3::ZERO, Vec3::ZERO, Vec3::ZERO, 0.0);
    for other in solver.near(at, SIGHT) {
        let away = at - other.position;
        let squared = away.length_squared();
        if other.group != body.group || squared > SIGHT * SIGHT || squared == 0.0 {
            continue;
        }
        apart += away / (squared + 0.1);
        along += other.velocity;
        together -= away;
        others += 1.0;
    }
    let circling = Vec3::new(-at.z, 0.0, at.x).normalize_or(Vec3::X) * speed;
    let mut wish = circling - velocity;
    if others > 0.0 {
        wish += apart * 2.0 + (along / others - velocity) * 1.5 + together / others;
    }
    let to_wall = scene.arena.radius - Vec3::new(at.x, 0.0, at.z).length();
    if to_wall < 4.0 {
        wish -= Vec3::new(at.x, 0.0, at.z).normalize_or(Vec3::X) * (4.0 - to_wall) * 4.0;
    }
    Vec3::new(wish.x, 0.0, wish.z).clamp_length_max(STRONGEST)
}

fn orbit(from_centre: Vec3, velocity: Vec3, speed: f32) -> Vec3 {
    let outwards = Vec3::new(from_centre.x, 0.0, from_centre.z);
    let tangent = Vec3::new(-outwards.z, 0.0, outwards.x).normalize_or(Vec3::X);
    // What keeps a body on a circle, and what corrects its speed.
    let inwards = -outwards / outwards.length_squared().max(1.0) * speed * speed;
    let wish = inwards + (tangent * speed - velocity) * 2.0;
    Vec3::new(wish.x, 0.0, wish.z).clamp_length_max(STRONGEST)
}

fn hop(input: &Input, body: &Body, slot: Slot, at: Vec3, every: f32, speed: f32) -> Vec3 {
    // Each has its own moment, spread by the golden ratio.
    let moment = (slot.0 as f32 * 0.618_034).fract();
    let phase = (input.seconds / every + moment).fract() * every;
    let on_the_floor = at.y < body.radius * 1.2;
    if on_the_floor && phase < 0.05 { Vec3::new(0.0, speed * 20.0, 0.0) } else { Vec3::ZERO }
}

/// Away from where something blew up.
fn fear(input: &Input, at: Vec3) -> Vec3 {
    let fears = input.blasts.iter().map(|active| {
        let away = at - active.blast.at;
        let strength = (1.0 - away.length() / (2.0 * active.blast.reach)).max(0.0) * active.flash;
        Vec3::new(away.x, 0.0, away.z).normalize_or(Vec3::X) * strength * STRONGEST
    });
    fears.sum()
}
