//! What is done, by threads outside the pools: each makes one step after another, and some threads are followed by new ones.

use crate::{awaited, calls, macros};
use micropool::iter::*;
use micropool::{ThreadPool, ThreadPoolBuilder};
use program::Program;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

// Programs and their sequential meaning are those of `tests/random_dynamic`.
#[path = "../../tests/random_dynamic/program.rs"]
mod program;

/// Threads outside that use the pools at once.
const OUTSIDE: usize = 6;
/// Pools that live long, and are used by all.
const POOLS: usize = 3;

#[derive(Default)]
pub struct Counts {
    programs: AtomicU64,
    nodes: AtomicU64,
    loops: AtomicU64,
    frames: AtomicU64,
    tries: AtomicU64,
    jobs: AtomicU64,
    spawns: AtomicU64,
    awaited: AtomicU64,
    calls: AtomicU64,
    pools: AtomicU64,
    threads: AtomicU64,
}

impl Counts {
    pub fn all(&self) -> [(&'static str, &AtomicU64); 11] {
        [
            ("random programs", &self.programs),
            ("their nodes", &self.nodes),
            ("loops over data", &self.loops),
            ("frames", &self.frames),
            ("graphs that may fail", &self.tries),
            ("rounds of jobs", &self.jobs),
            ("tasks spawned in bursts", &self.spawns),
            ("tasks awaited", &self.awaited),
            ("calls of broadcasts", &self.calls),
            ("pools made and dropped", &self.pools),
            ("outside threads", &self.threads),
        ]
    }
}

pub struct Soak {
    seed: u64,
    most_workers: usize,
    pools: [RwLock<Arc<ThreadPool>>; POOLS],
    pub counts: Counts,
    /// What each outside thread is doing, for the message when nothing moves.
    doing: [Mutex<Option<String>>; OUTSIDE],
    steps: AtomicU64,
    problems: Mutex<Vec<String>>,
}

/// Panics of programs and of tasks that nobody joins are part of the work.
pub fn silence_expected_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // Whatever panics on purpose does so with numbers.
        if info.payload().is::<String>() || info.payload().is::<&str>() {
            default(info);
        }
    }));
}

impl Soak {
    pub fn new(seed: u64, most_workers: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        Self {
            seed,
            most_workers,
            pools: std::array::from_fn(|_| RwLock::new(Arc::new(make_pool(&mut random, most_workers)))),
            counts: Counts::default(),
            doing: Default::default(),
            steps: AtomicU64::new(0),
            problems: Mutex::default(),
        }
    }

    /// Works for `time`, while `watch` looks on until it is told that it is over. Afterwards all pools are gone.
    pub fn run(&self, time: Duration, watch: impl FnOnce(&dyn Fn() -> bool)) {
        let (began, left) = (Instant::now(), AtomicU64::new(OUTSIDE as u64));
        let stop = AtomicBool::new(false);
        thread::scope(|s| {
            for place in 0..OUTSIDE {
                let (left, stop) = (&left, &stop);
                s.spawn(move || {
                    let mut generation = 0;
                    while began.elapsed() < time && !stop.load(Ordering::Relaxed) {
                        // A new thread each time: its seats are given back when it ends.
                        let done = thread::scope(|s| s.spawn(|| self.outside(place, generation, began + time)).join());
                        if done.is_err() {
                            self.problem(format!("outside thread {place}, generation {generation}: panicked"));
                            stop.store(true, Ordering::Relaxed);
                        }
                        generation += 1;
                    }
                    left.fetch_sub(1, Ordering::Release);
                });
            }
            watch(&|| left.load(Ordering::Acquire) == 0);
        });
        // None is left in use: a pool of no threads takes the place of each.
        for pool in &self.pools {
            let none = ThreadPoolBuilder::new().num_threads(0).build().expect("no thread is needed");
            *pool.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(none);
        }
    }

    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    pub fn problems(&self) -> Vec<String> {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn going_on(&self) -> Vec<String> {
        let doing = self.doing.iter().map(|doing| doing.lock().unwrap_or_else(PoisonError::into_inner).clone());
        doing.flatten().collect()
    }

    fn problem(&self, what: String) {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    /// The life of one outside thread.
    fn outside(&self, place: usize, generation: u64, end: Instant) {
        self.counts.threads.fetch_add(1, Ordering::Relaxed);
        let mut random = fastrand::Rng::with_seed(self.seed ^ (place as u64) << 56 ^ generation << 32);
        for _ in 0..random.u32(1..200) {
            if Instant::now() >= end {
                break;
            }
            let pool = self.pools[random.usize(0..POOLS)].read().unwrap_or_else(PoisonError::into_inner).clone();
            let seed = random.u64(..1 << 40);
            let kind = random.u32(0..100);
            let what = format!("thread {place}.{generation}: kind {kind}, {} workers, seed {seed}", pool.num_threads());
            *self.doing[place].lock().unwrap_or_else(PoisonError::into_inner) = Some(what.clone());
            let step = AssertUnwindSafe(|| match kind {
                0..50 => self.program(&pool, seed, &mut random),
                50..62 => self.data(&pool, seed),
                62..70 => self.frame(&pool, seed),
                70..77 => self.burst(&pool, seed),
                77..81 => counted(&self.counts.tries, macros::fails_as_its_highest_node(&pool, seed)),
                81..85 => counted(&self.counts.jobs, macros::jobs(&pool, seed)),
                85..89 => counted(&self.counts.awaited, awaited::tasks(&pool, seed)),
                89..93 => counted(&self.counts.calls, calls::broadcasts(&pool, seed)),
                93..98 => self.short_lived(seed),
                _ => self.exchange(seed),
            });
            match catch_unwind(step) {
                Ok(Ok(())) => {}
                Ok(Err(problem)) => self.problem(format!("{what}: {problem}")),
                Err(_) => self.problem(format!("{what}: it panicked")),
            }
            *self.doing[place].lock().unwrap_or_else(PoisonError::into_inner) = None;
            self.steps.fetch_add(1, Ordering::Relaxed);
            if random.u32(0..8) == 0 {
                // Long enough for workers to fall asleep.
                thread::sleep(Duration::from_micros(random.u64(0..300)));
            }
        }
    }

    fn program(&self, pool: &ThreadPool, seed: u64, random: &mut fastrand::Rng) -> Result<(), String> {
        let other = self.pools[random.usize(0..POOLS)].read().unwrap_or_else(PoisonError::into_inner).clone();
        let program = Program::generate(seed);
        self.counts.programs.fetch_add(1, Ordering::Relaxed);
        self.counts.nodes.fetch_add(program.len() as u64, Ordering::Relaxed);
        program.run(pool, &other)
    }

    fn data(&self, pool: &ThreadPool, seed: u64) -> Result<(), String> {
        self.counts.loops.fetch_add(1, Ordering::Relaxed);
        let mut random = fastrand::Rng::with_seed(seed);
        let data: Vec<u64> = (0..random.usize(0..20_000)).map(|_| random.u64(..1 << 30)).collect();
        let split = [pool.split_by_threads(), pool.split_by(random.usize(..64)), pool.split_per(random.usize(1..5000))]
            [random.usize(0..3)];
        let sum = data.par_iter().with_thread_pool(split).sum::<u64>();
        let kept: Vec<u64> = data.par_iter().map(|n| n ^ seed).with_thread_pool(split).collect();
        let first = data.par_iter().with_thread_pool(split).find_first(|n| **n % 97 == 0);
        let right = sum == data.iter().sum()
            && kept.iter().zip(&data).all(|(kept, n)| *kept == n ^ seed)
            && first == data.iter().find(|n| **n % 97 == 0);
        if right { Ok(()) } else { Err(String::from("a loop gave another result than its sequential form")) }
    }

    fn frame(&self, pool: &ThreadPool, seed: u64) -> Result<(), String> {
        self.counts.frames.fetch_add(1, Ordering::Relaxed);
        let _awake = seed.is_multiple_of(4).then(|| pool.keep_awake());
        let mut world: Vec<u64> = (0..256).collect();
        let frame = pool.install(|| {
            micropool::parallel! {
                use mut world;
                input => seed % 1000,
                physics(mut world, input) => world.iter_mut().for_each(|body| *body += input),
                culling(world) => world.iter().filter(|body| **body % 2 == 0).count() as u64,
                sum(world) => micropool::split_per(32)
                    .reduce_ranges(world.len(), |range| world[range].iter().sum::<u64>(), |a, b| a + b),
                render(culling, sum) => culling + sum.unwrap_or(0),
                background save => seed,
            }
        });
        pool.install(|| micropool::help_background(Duration::from_micros(50)));
        let sum = 255 * 128 + 256 * (seed % 1000);
        let right = frame.render == sum + 128 && frame.save.join() == seed;
        if right { Ok(()) } else { Err(String::from("a frame came out wrong")) }
    }

    fn burst(&self, pool: &ThreadPool, seed: u64) -> Result<(), String> {
        let count = 1 + seed % 500;
        self.counts.spawns.fetch_add(count, Ordering::Relaxed);
        let ran = Arc::new(AtomicU64::new(0));
        let mut cancelled = 0;
        for n in 0..count {
            let ran = ran.clone();
            let task = pool.spawn(move || ran.fetch_add(1, Ordering::Relaxed));
            match n % 3 {
                0 => task.detach(),
                1 => cancelled += u64::from(task.cancel()),
                _ => drop(task.then(|_| ()).try_join()),
            }
        }
        pool.wait_idle();
        match ran.load(Ordering::Relaxed) + cancelled {
            ended if ended == count => Ok(()),
            ended => Err(format!("{ended} of {count} tasks ran or were cancelled")),
        }
    }

    /// A pool for one program, dropped with work still queued.
    fn short_lived(&self, seed: u64) -> Result<(), String> {
        self.counts.pools.fetch_add(1, Ordering::Relaxed);
        let mut random = fastrand::Rng::with_seed(seed);
        let pool = make_pool(&mut random, self.most_workers);
        let other = Arc::new(make_pool(&mut random, 2));
        let result = Program::generate(seed).run(&pool, &other);
        let (queued, ran) = (random.u64(0..50), Arc::new(AtomicU64::new(0)));
        for _ in 0..queued {
            let ran = ran.clone();
            pool.spawn(move || ran.fetch_add(1, Ordering::Relaxed)).detach();
        }
        drop(pool);
        result.and(if ran.load(Ordering::Relaxed) == queued {
            Ok(())
        } else {
            Err(String::from("a dropped pool left tasks"))
        })
    }

    /// Another pool takes the place of one that lives long; whoever uses that one last drops it.
    fn exchange(&self, seed: u64) -> Result<(), String> {
        self.counts.pools.fetch_add(1, Ordering::Relaxed);
        let mut random = fastrand::Rng::with_seed(seed);
        let new = Arc::new(make_pool(&mut random, self.most_workers));
        let place = &self.pools[random.usize(0..POOLS)];
        let old = std::mem::replace(&mut *place.write().unwrap_or_else(PoisonError::into_inner), new);
        // Not under the lock: it may be the last.
        drop(old);
        Ok(())
    }
}

/// What a step did, added to what was done; or its problem.
fn counted(count: &AtomicU64, did: Result<u64, String>) -> Result<(), String> {
    did.map(|more| _ = count.fetch_add(more, Ordering::Relaxed))
}

/// Small pools often, large ones now and then, and every setting; of no worker, too.
fn make_pool(random: &mut fastrand::Rng, most_workers: usize) -> ThreadPool {
    let most = if random.u32(0..6) == 0 { most_workers } else { most_workers.min(4) };
    let builder = ThreadPoolBuilder::new()
        .num_threads(random.usize(0..=most))
        .background_threads(random.usize(0..4))
        .spin_before_sleep(Duration::from_micros([0, 5, 50][random.usize(0..3)]))
        .panic_handler(|_payload| ());
    let builder =
        if random.u32(0..4) == 0 { builder.dedicated_background_threads(random.usize(1..3)) } else { builder };
    builder.build().expect("threads can be made")
}
