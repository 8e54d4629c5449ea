//! The frame: waves roll over a sea, spray blows over them, and the picture is shaded.

use crate::parallel_for::ParallelFor;
use crate::random::Random;
use glam::Vec3;

/// Points along each side of the sea.
const SIDE: usize = 256;
const DROPS: usize = 20_000;
/// Indices that a thread takes at least.
const PER: usize = 4 * SIDE;

#[derive(PartialEq)]
pub struct Sea {
    pub water: Water,
    pub spray: Vec<Drop>,
    pub picture: Vec<[u8; 3]>,
}

/// The heights of now and of the step before.
#[derive(PartialEq)]
pub struct Water {
    now: Vec<f32>,
    before: Vec<f32>,
}

#[derive(Clone, PartialEq)]
pub struct Drop {
    place: Vec3,
    velocity: Vec3,
}

impl Sea {
    pub fn new() -> Self {
        let mut random = Random::new(7);
        let mut now = vec![0.0; SIDE * SIDE];
        for _ in 0..40 {
            now[random.index(SIDE * SIDE)] = random.within(-20.0..20.0);
        }
        let mut place = || Vec3::new(random.unit(), 0.0, random.unit()) * (SIDE - 1) as f32;
        Self {
            spray: (0..DROPS).map(|_| Drop { place: place(), velocity: Vec3::ZERO }).collect(),
            water: Water { before: now.clone(), now },
            picture: vec![[0; 3]; SIDE * SIDE],
        }
    }
}

impl Water {
    /// Beyond the shore the water is as high as at it.
    fn height(&self, x: isize, y: isize) -> f32 {
        let within = |at: isize| at.clamp(0, SIDE as isize - 1) as usize;
        self.now[within(y) * SIDE + within(x)]
    }

    fn slope(&self, x: isize, y: isize) -> (f32, f32) {
        (self.height(x + 1, y) - self.height(x - 1, y), self.height(x, y + 1) - self.height(x, y - 1))
    }
}

fn point(index: usize) -> (isize, isize) {
    ((index % SIDE) as isize, (index / SIDE) as isize)
}

/// The wave equation, one step.
pub fn roll(pool: impl ParallelFor, water: &mut Water) {
    let mut next = std::mem::take(&mut water.before);
    let sea = &*water;
    pool.for_each(&mut next, PER, |index, height| {
        let (x, y) = point(index);
        let (here, around) = (
            sea.height(x, y),
            sea.height(x - 1, y) + sea.height(x + 1, y) + sea.height(x, y - 1) + sea.height(x, y + 1),
        );
        // What was there before is overwritten with what comes next. A little is lost, so that the sea stays a sea.
        *height = here + 0.999 * (here - *height) + 0.2 * (around - 4.0 * here);
    });
    water.before = std::mem::replace(&mut water.now, next);
}

/// Drops fall, and where they meet the water it throws them up again along its slope.
pub fn blow(pool: impl ParallelFor, water: &Water, spray: &mut [Drop]) {
    const STEP: f32 = 1.0 / 60.0;
    pool.for_each(spray, 256, |_, drop| {
        drop.velocity.y -= 9.81 * STEP;
        drop.place += drop.velocity * STEP;
        let shore = (SIDE - 1) as f32;
        drop.place = drop.place.clamp(Vec3::new(0.0, -100.0, 0.0), Vec3::new(shore, 100.0, shore));
        let (x, y) = (drop.place.x as isize, drop.place.z as isize);
        let height = water.height(x, y);
        if drop.place.y < height {
            let (dx, dy) = water.slope(x, y);
            drop.place.y = height;
            drop.velocity = Vec3::new(-dx, 1.0, -dy).normalize() * (2.0 + height.abs().min(3.0));
        }
    });
}

/// Light from one side, a glint, and the depth.
pub fn shade(pool: impl ParallelFor, water: &Water, picture: &mut [[u8; 3]]) {
    let sun = Vec3::new(0.5, 0.7, 0.4).normalize();
    let eye = Vec3::new(0.0, 0.8, 0.6).normalize();
    pool.for_each(picture, PER, |index, pixel| {
        let (x, y) = point(index);
        let (dx, dy) = water.slope(x, y);
        let normal = Vec3::new(-dx, 2.0, -dy).normalize();
        let light = normal.dot(sun).max(0.0);
        let glint = (2.0 * light * normal - sun).dot(eye).max(0.0).powi(30);
        let colour = Vec3::new(0.05, 0.25, 0.4) * (0.3 + light) + Vec3::splat(glint);
        *pixel = (colour * 255.0).clamp(Vec3::ZERO, Vec3::splat(255.0)).to_array().map(|channel| channel as u8);
    });
}
