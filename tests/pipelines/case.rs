//! One random pipeline: everything about it follows from its seed.

use fastrand::Rng;
use micropool::{Split, ThreadPool};

use crate::contract::{self, PADDING, Way};
use crate::oracle::{Place, Watch};
use crate::owned;

#[derive(Debug)]
pub struct Case {
    pub len: usize,
    /// Of a second source, where there is one.
    pub other_len: usize,
    /// Where the pipeline has seen enough, in order.
    pub breaks: Vec<usize>,
    /// The results of the threads are thrown away.
    pub lazy: bool,
    armed: Vec<Place>,
    pace: usize,
    workers: usize,
    cut: Cut,
    /// By the free function, inside an `install`; else by the pool's method.
    free: bool,
    around: Around,
    which: Which,
}

#[derive(Clone, Copy, Debug)]
enum Cut {
    Threads,
    By(usize),
    Per(usize),
    PerItem,
}

/// From where the pipeline is run.
#[derive(Clone, Copy, Debug)]
enum Around {
    Nothing,
    Loop,
    Scope,
}

#[derive(Clone, Copy, Debug)]
enum Which {
    Iter { way: Way, cleanup: bool, large: bool },
    UpperBounded { cleanup: bool, large: bool },
    Ranges,
    Reduced { large: bool },
    Owned(usize),
}

impl Case {
    pub fn random(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let rng = &mut rng;
        let length = |rng: &mut Rng| match rng.u32(..80) {
            0..10 => rng.usize(..4),
            10..40 => rng.usize(..20),
            40..70 => rng.usize(..300),
            70..79 => rng.usize(..3000),
            _ => rng.usize(3000..20_000),
        };
        let (len, other_len) = (length(rng), length(rng));
        let index = |rng: &mut Rng| rng.usize(..len.max(1));
        let mut breaks: Vec<usize> = (0..rng.usize(..4)).map(|_| index(rng)).filter(|index| *index < len).collect();
        breaks.sort();
        let which = match rng.u32(..6) {
            0 => Which::Iter { way: random_way(rng), cleanup: rng.u32(..4) > 0, large: rng.bool() },
            1 => Which::UpperBounded { cleanup: rng.u32(..4) > 0, large: rng.bool() },
            2 if rng.bool() => Which::Ranges,
            2 => Which::Reduced { large: rng.bool() },
            _ => Which::Owned(rng.usize(..owned::WITH_CLEANUP.len() + owned::OTHERS.len())),
        };
        // An item that is handed on may be dropped by something that unwinds already: it must not panic too.
        // And of a slice only one may: std itself aborts at a second.
        let mut cleanups = match which {
            Which::Owned(k) => usize::from(k < owned::WITH_CLEANUP.len()),
            _ => usize::MAX,
        };
        let mut armed = Vec::new();
        for _ in 0..[0, 0, 1, 1, 2, 5][rng.usize(..6)] {
            armed.push(match rng.u32(..6) {
                0 => Place::Init(rng.usize(..5)),
                1 => Place::Finalize(rng.usize(..5)),
                2 => Place::Reduce(rng.usize(..5)),
                // The same item must not panic in its turn and again as that drops it.
                3 if cleanups > 0 => {
                    cleanups -= 1;
                    Place::Cleanup(index(rng) | 1)
                }
                _ => Place::Item(index(rng) & !1),
            });
        }
        let few = |rng: &mut Rng| match rng.u32(..6) {
            0 => usize::MAX,
            1 => rng.usize(..1000),
            _ => rng.usize(..12),
        };
        let cut = match rng.u32(..4) {
            0 => Cut::Threads,
            1 => Cut::By(few(rng)),
            2 => Cut::Per(few(rng)),
            _ => Cut::PerItem,
        };
        Self {
            len,
            other_len,
            breaks,
            lazy: rng.u32(..8) == 0,
            armed,
            pace: if rng.u32(..4) == 0 { rng.usize(1..50) * (1 + len / 1000) } else { usize::MAX },
            workers: rng.usize(..4),
            cut,
            free: rng.bool(),
            around: match rng.u32(..6) {
                0 => Around::Loop,
                1 => Around::Scope,
                _ => Around::Nothing,
            },
            which,
        }
    }

    pub fn watch(&self) -> Watch {
        Watch::new(self.len, self.armed.clone(), self.pace)
    }

    pub fn first_break(&self) -> Option<usize> {
        self.breaks.first().copied()
    }

    /// Runs it in the pool that it asks for, of those with 0, 1, 2 and 8 workers.
    pub fn run(&self, pools: &[ThreadPool; 4]) {
        let pool = &pools[self.workers];
        match self.around {
            Around::Nothing => self.run_here(pool),
            Around::Loop => pool.split_by(3).for_each_range(3, |range| {
                if range.contains(&1) {
                    self.run_here(pool);
                }
            }),
            Around::Scope => pool.scope(|s| s.spawn(|| self.run_here(pool)).join()),
        }
    }

    fn run_here(&self, pool: &ThreadPool) {
        if self.free {
            pool.install(|| {
                self.run_split(match self.cut {
                    Cut::Threads => micropool::split_by_threads(),
                    Cut::By(n) => micropool::split_by(n),
                    Cut::Per(n) => micropool::split_per(n),
                    Cut::PerItem => micropool::split_per_item(),
                });
            });
        } else {
            self.run_split(match self.cut {
                Cut::Threads => pool.split_by_threads(),
                Cut::By(n) => pool.split_by(n),
                Cut::Per(n) => pool.split_per(n),
                Cut::PerItem => pool.split_per_item(),
            });
        }
    }

    fn run_split(&self, split: Split<'_>) {
        match self.which {
            Which::Iter { way, cleanup, large } => match (cleanup, large) {
                (true, true) => contract::iter_pipeline::<true, PADDING>(self, split, way),
                (true, false) => contract::iter_pipeline::<true, 0>(self, split, way),
                (false, true) => contract::iter_pipeline::<false, PADDING>(self, split, way),
                (false, false) => contract::iter_pipeline::<false, 0>(self, split, way),
            },
            Which::UpperBounded { cleanup, large } => match (cleanup, large) {
                (true, true) => contract::upper_bounded_pipeline::<true, PADDING>(self, split),
                (true, false) => contract::upper_bounded_pipeline::<true, 0>(self, split),
                (false, true) => contract::upper_bounded_pipeline::<false, PADDING>(self, split),
                (false, false) => contract::upper_bounded_pipeline::<false, 0>(self, split),
            },
            Which::Ranges => contract::for_each_range(self, split),
            Which::Reduced { large: true } => contract::reduce_ranges::<PADDING>(self, split),
            Which::Reduced { large: false } => contract::reduce_ranges::<0>(self, split),
            Which::Owned(k) => match k.checked_sub(owned::WITH_CLEANUP.len()) {
                None => owned::WITH_CLEANUP[k](self, split),
                Some(k) => owned::OTHERS[k](self, split),
            },
        }
    }
}

fn random_way(rng: &mut Rng) -> Way {
    match rng.u32(..8) {
        0..2 => Way::Next,
        2..4 => Way::Fold,
        4 => Way::TryFold,
        5 => Way::Take(rng.usize(..6)),
        6 => Way::Nth(rng.usize(..4)),
        _ => Way::Nothing,
    }
}
