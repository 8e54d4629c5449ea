//! The examples by which micropool is presented, as they stand there, compiled and run.

#![forbid(unsafe_code)]
#![expect(clippy::redundant_closure, reason = "they stand there so")]

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

struct Devices(u32);
struct World(u32);
struct Mixer(u32);
struct Mesh(PathBuf);

fn poll(devices: &mut Devices) -> u32 {
    devices.0 += 1;
    devices.0
}

/// What the calls below noted: the world that was drawn, and whether `flush` came after `draw` and `mix`.
static DRAWN: AtomicU32 = AtomicU32::new(0);
static ORDER: Mutex<Vec<&str>> = Mutex::new(Vec::new());

fn note(name: &'static str) {
    ORDER.lock().unwrap().push(name);
}

mod plain {
    use super::note;

    pub fn step() {
        note("plain step");
    }

    pub fn mix() {
        note("plain mix");
    }
}

fn step(world: &mut World, input: &u32) -> u32 {
    world.0 += input;
    world.0
}

fn mix(mixer: &mut Mixer, input: &u32) {
    mixer.0 += input;
    note("mix");
}

fn draw(world: &World, physics: &u32) -> u32 {
    note("draw");
    world.0 * 10 + physics
}

fn flush() {
    note("flush");
}

fn write_save(snapshot: Vec<u8>) -> usize {
    snapshot.len()
}

fn show(frame: u32) {
    DRAWN.store(frame, SeqCst);
}

#[test]
fn one_frame_of_a_game() {
    {
        use plain::{mix, step};
        micropool::parallel! { physics => step(), audio => mix() };
    }
    let mut plain = std::mem::take(&mut *ORDER.lock().unwrap());
    plain.sort_unstable();
    assert_eq!(plain, ["plain mix", "plain step"]);

    let (mut devices, mut world, mut mixer, snapshot) = (Devices(1), World(3), Mixer(0), vec![1_u8, 2, 3]);

    let frame = micropool::parallel! {
        input                  => poll(&mut devices),
        physics(input)         => step(&mut world, input),
        audio(input)           => mix(&mut mixer, input),
        render(physics)        => draw(&world, physics),        // after physics: the same `world` again is fine
        stats after (audio, render) => flush(),
        background save        => write_save(snapshot),
    };
    show(frame.render);

    assert_eq!((frame.input, frame.physics, frame.render), (2, 5, 55));
    assert_eq!((DRAWN.load(SeqCst), mixer.0, frame.save.join()), (55, 2, 3));
    assert_eq!(ORDER.lock().unwrap().last(), Some(&"flush"));
}

// a function that is a job
#[micropool::job(background)]
fn load(path: PathBuf) -> Mesh {
    Mesh(path)
} // callers get a Task<Mesh>

#[test]
fn a_function_that_is_a_job() {
    let task: micropool::Task<Mesh> = load(PathBuf::from("a"));
    assert_eq!(task.join().0, PathBuf::from("a"));
}

#[test]
fn plain_functions_loops_and_background_work() {
    let (left, right, data) = (|| 1, || 2, vec![1_u64, 2, 3]);

    // plain functions, when macros aren't wanted
    let (a, b) = micropool::join(|| left(), || right());
    assert_eq!((a, b), (1, 2));

    // parallel iterators (paralight's, re-exported)
    use micropool::iter::*;
    let sum = data.par_iter().with_thread_pool(micropool::split_by_threads()).sum::<u64>();
    assert_eq!(sum, 6);

    // background work
    let task = micropool::spawn(|| 2 + 2);
    println!("Is my task complete yet? {}", task.complete());
    println!("The result: {}", task.join());
}

struct Place(u32);

impl Place {
    fn step(&mut self) {
        self.0 += 1;
    }
}

/// What the grammar is explained by.
#[test]
fn ordered_nodes_borrow_the_same_local() {
    fn draw(world: &Place) -> u32 {
        world.0 * 10
    }
    let mut world = Place(1);
    let frame = micropool::parallel! { physics => world.step(), render after physics => draw(&world) };
    assert_eq!(frame.render, 20);
}
