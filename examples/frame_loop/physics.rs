//! The node `physics`: gathers bodies from the world, moves and collides them in a few small steps, and writes them
//! back. In a step every body computes its own next state from the last state of all, so that bodies can be taken in
//! any order, by any number of threads, and the outcome is the same to the last bit.

use crate::grid::Grid;
use crate::input::{FRAME_SECONDS, Input};
use crate::parallel_for::ParallelFor;
use crate::scene::{Arena, Scene};
use crate::world::{BATCH, Body, Hit, Place, Slot, Steer, Velocity};
use glam::Vec3;
use hecs::World;

const STEPS: usize = 4;
const STEP_SECONDS: f32 = FRAME_SECONDS / STEPS as f32;
/// Slower hits don't bounce, or heaps would never come to rest.
const BOUNCES_FROM: f32 = 0.8;
/// Of an overlap, what is mended in one step. Neighbours all push at the same time: 1 would overshoot.
const MENDED: f32 = 0.6;
const FASTEST: f32 = 40.0;

/// A moving body, as the solver sees it.
#[derive(Clone, Copy, Default)]
pub struct Ball {
    pub position: Vec3,
    pub radius: f32,
    pub velocity: Vec3,
    /// The hardest hit of this frame.
    hit: f32,
    steer: Vec3,
    pub group: u32,
}

/// The moving bodies by slot, and what they can run into.
pub struct Solver {
    arena: Arena,
    fixed: Vec<(Vec3, f32)>,
    balls: Vec<Ball>,
    /// Where a step writes to.
    next: Vec<Ball>,
    grid: Grid,
    widest: f32,
}

/// How things move as a whole.
#[derive(Clone, Copy)]
pub struct Motion {
    pub average_speed: f32,
}

impl Solver {
    pub fn new(scene: &Scene, world: &World) -> Self {
        let fixed =
            scene.entities.iter().filter(|single| single.fixed).map(|single| (single.at, single.radius)).collect();
        let mut slots = world.query::<(&Slot, &Body, &Place)>();
        let mut balls = vec![Ball::default(); slots.iter().count()];
        for (slot, body, place) in slots.iter() {
            let ball = &mut balls[slot.0 as usize];
            *ball = Ball { position: place.0, radius: body.radius, group: body.group, ..Ball::default() };
        }
        let widest = balls.iter().fold(0.1f32, |widest, ball| widest.max(ball.radius));
        // Small bodies in a large arena would make more columns than there are bodies.
        let cell = (2.0 * widest).max(scene.arena.radius / 100.0);
        let grid = Grid::new(cell, scene.arena.radius);
        let mut solver = Self { arena: scene.arena.clone(), fixed, next: balls.clone(), balls, grid, widest };
        solver.sort();
        solver
    }

    /// The bodies around a place, those of its own included, as they were at the end of the last frame.
    pub fn near(&self, place: Vec3, reach: f32) -> impl Iterator<Item = &Ball> {
        self.grid.near(place, reach).map(|ball| &self.balls[ball])
    }

    fn sort(&mut self) {
        self.grid.sort(self.balls.iter().map(|ball| ball.position));
    }

    /// A ball's next state: it reads the last state of the others, and writes nothing but its own.
    fn moved(&self, ball: usize) -> Ball {
        let mut me = self.balls[ball];
        let (mut push, mut kick) = (Vec3::ZERO, Vec3::ZERO);
        for other_ball in self.grid.near(me.position, me.radius + self.widest) {
            let other = &self.balls[other_ball];
            let between = me.position - other.position;
            let touch = me.radius + other.radius;
            let squared = between.length_squared();
            if squared >= touch * touch || other_ball == ball {
                continue;
            }
            let distance = squared.sqrt();
            let normal = between.try_normalize().unwrap_or(if ball < other_ball { Vec3::Y } else { Vec3::NEG_Y });
            // The lighter one moves more; both come to the same split of the whole.
            let (mine, its) = (me.radius.powi(3), other.radius.powi(3));
            let share = its / (mine + its);
            push += normal * ((touch - distance) * share * MENDED);
            let speed = -(me.velocity - other.velocity).dot(normal);
            if speed > 0.0 {
                kick += normal * (speed * share * self.rebound(speed));
                me.hit = me.hit.max(speed);
            }
        }
        me.velocity += kick + (me.steer - Vec3::Y * self.arena.gravity) * STEP_SECONDS;
        me.velocity = me.velocity.clamp_length_max(FASTEST);
        me.position += push + me.velocity * STEP_SECONDS;
        self.keep_out_of_the_fixed(&mut me);
        me
    }

    fn keep_out_of_the_fixed(&self, me: &mut Ball) {
        for (centre, radius) in &self.fixed {
            let between = me.position - *centre;
            let overlap = me.radius + radius - between.length();
            if overlap > 0.0 {
                self.bounce_off(me, between.normalize_or(Vec3::Y), overlap);
            }
        }
        let beyond = Vec3::new(me.position.x, 0.0, me.position.z).length() + me.radius - self.arena.radius;
        if beyond > 0.0 {
            self.bounce_off(me, -Vec3::new(me.position.x, 0.0, me.position.z).normalize_or(Vec3::X), beyond);
        }
        let below = me.radius - me.position.y;
        if below > 0.0 {
            self.bounce_off(me, Vec3::Y, below);
            let rolls = self.arena.rolling.powf(STEP_SECONDS);
            me.velocity.x *= rolls;
            me.velocity.z *= rolls;
        }
    }

    fn bounce_off(&self, me: &mut Ball, normal: Vec3, overlap: f32) {
        me.position += normal * overlap;
        let speed = -me.velocity.dot(normal);
        if speed > 0.0 {
            me.velocity += normal * (speed * self.rebound(speed));
            me.hit = me.hit.max(speed);
        }
    }

    /// 1 stops what comes, more throws it back.
    fn rebound(&self, speed: f32) -> f32 {
        if speed > BOUNCES_FROM { 1.0 + self.arena.bounce } else { 1.0 }
    }
}

/// A frame's worth of steps.
pub fn step<P: ParallelFor>(pool: P, input: &Input, world: &World, solver: &mut Solver) -> Motion {
    gather(world, solver);
    shake(input, solver);
    for _ in 0..STEPS {
        solver.sort();
        let mut next = std::mem::take(&mut solver.next);
        pool.for_each(&mut next, BATCH as usize, |ball, state| *state = solver.moved(ball));
        solver.next = std::mem::replace(&mut solver.balls, next);
    }
    scatter(pool, world, solver);
    let sums = pool.map_ranges(solver.balls.len(), 512, |range| {
        solver.balls[range].iter().map(|ball| ball.velocity.length()).sum::<f32>()
    });
    Motion { average_speed: sums.iter().sum::<f32>() / solver.balls.len() as f32 }
}

fn gather(world: &World, solver: &mut Solver) {
    for (slot, steer) in world.query::<(&Slot, &Steer)>().iter() {
        let ball = &mut solver.balls[slot.0 as usize];
        ball.steer = steer.0;
        ball.hit = 0.0;
    }
}

/// The blasts of this frame.
fn shake(input: &Input, solver: &mut Solver) {
    for active in input.blasts.iter().filter(|active| active.now) {
        for ball in &mut solver.balls {
            let away = ball.position - active.blast.at;
            let strength = 1.0 - away.length() / active.blast.reach;
            if strength > 0.0 {
                // Upwards more than sideways: bodies on the floor can go nowhere else.
                ball.velocity +=
                    (away.normalize_or(Vec3::Y) + Vec3::Y).normalize_or(Vec3::Y) * active.blast.speed * strength;
            }
        }
    }
}

fn scatter<P: ParallelFor>(pool: P, world: &World, solver: &Solver) {
    let mut query = world.query::<(&Slot, &mut Place, &mut Velocity, &mut Hit)>();
    let mut batches: Vec<_> = query.iter_batched(4 * BATCH).collect();
    pool.for_each(&mut batches, 1, |_, batch| {
        for (slot, place, velocity, hit) in batch {
            let ball = &solver.balls[slot.0 as usize];
            *place = Place(ball.position);
            *velocity = Velocity(ball.velocity);
            *hit = Hit(ball.hit);
        }
    });
}
