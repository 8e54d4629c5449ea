//! What does a parallel loop cost beside the best that two threads can do?
//!
//! Six loops over 1000 to 10 million items. "micropool" is `par_iter` with the split that fits, "micropool, chunks" is `par_chunks` (and
//! `par_chunks_mut`), "micropool, ranges" is `reduce_ranges` (or, for loops that write, `for_each_range`); both over the same
//! function as all others that work on ranges. The split that fits is one per thread, for even work of 2048 items or less one chunk
//! ("by threads" is one per thread all the same), and finer for uneven work. Then what it
//! costs to start a loop that has nothing to do, or little, hot and with sleeping workers, and the splits beside each other.

use ::paralight::threads::RangeStrategy;
use clap::Parser;
use micropool::iter::*;
use micropool::{Split, ThreadPool};
use micropool_benches::kernels::{self, Output};
use micropool_benches::rivals::by_hand::{self, Pair};
use micropool_benches::rivals::{Forks, fork_union, ours, paralight, rayon, upstream};
use micropool_benches::{Args, Case, Goal, Report, Turn, pin};
use std::hint::black_box;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

#[derive(Parser)]
#[command(about = "Parallel loops")]
struct Options {
    #[command(flatten)]
    common: Args,
}

const RANGES: &str = "micropool, ranges";
const CHUNKS: &str = "micropool, chunks";
const BY_THREADS: &str = "micropool, by threads";

/// So many items of even work are over before they could be handed to another thread.
const SMALL: usize = 2048;

/// The split that fits even work.
fn fitting(pool: &ThreadPool, len: usize) -> Split<'_> {
    if len <= SMALL { pool.split_per(SMALL) } else { pool.split_by_threads() }
}

/// The chunks that fit it, of so many items: as many for each of two threads, and so long that one more is nothing.
fn chunk(len: usize) -> usize {
    const MOST: usize = 8 * SMALL;
    if len <= SMALL { len } else { len.div_ceil(2 * len.div_ceil(2 * MOST)) }
}

/// How long a contender loops in its turn.
#[derive(Clone, Copy)]
struct Pace(Duration);

impl Pace {
    fn turn(self, mut run: impl FnMut()) -> Turn {
        let warm = Instant::now();
        let mut runs = 0;
        while runs < 2 || warm.elapsed() < self.0 / 4 {
            run();
            runs += 1;
        }
        // A sample is about 20 µs at least, so that the clock is no part of it. By a run that is warm: the first one may take longer than that.
        let start = Instant::now();
        run();
        let batch = (20_000 / start.elapsed().as_nanos().max(20)).max(1) as usize;
        Turn::batched(self.0, 3, batch, run)
    }
}

/// A loop over ranges: what a range gives, added up (nothing, for loops that write).
trait Ranged: Fn(Range<usize>) -> u64 + Sync {}

impl<F: Fn(Range<usize>) -> u64 + Sync> Ranged for F {}

/// The `part`th of `parts` pieces of `0..len`.
fn piece(part: usize, parts: usize, len: usize) -> Range<usize> {
    part * len / parts..(part + 1) * len / parts
}

/// What a loop is for.
#[derive(Clone, Copy, PartialEq)]
enum Gives {
    /// What `f` returns, added up.
    Sums,
    /// What `f` writes.
    Writes,
}

/// Everybody who can run a loop over ranges; `pieces` is how finely uneven work is cut, 2 for even work.
fn ranged<'a>(case: Case<'a>, pace: Pace, len: usize, pieces: usize, gives: Gives, f: &'a impl Ranged) -> Case<'a> {
    let even = pieces == 2;
    let ranges = move |split: Split<'_>| match gives {
        Gives::Sums => pace.turn(|| {
            black_box(split.reduce_ranges(len, f, u64::wrapping_add));
        }),
        Gives::Writes => pace.turn(|| {
            split.for_each_range(len, |range| {
                f(range);
            });
        }),
    };
    let mut case = case.contender(RANGES, move || {
        let pool = ours::pool(2);
        ranges(if even { fitting(&pool, len) } else { pool.split_by(pieces) })
    });
    if even && len <= SMALL {
        case = case.contender(BY_THREADS, move || ranges(ours::pool(2).split_by_threads()));
        case = case.goal(Goal::best(1.0).of(BY_THREADS));
    }
    case.contender(fork_union::NAME, move || {
        let mut pool = fork_union::pool(2);
        pace.turn(|| {
            let total = AtomicU64::new(0);
            if even {
                drop(pool.for_slices(len, |first, count| {
                    total.fetch_add(f(first.task_index..first.task_index + count), Ordering::Relaxed);
                }));
            } else {
                drop(pool.for_n_dynamic(pieces, |one| {
                    total.fetch_add(f(piece(one.task_index, pieces, len)), Ordering::Relaxed);
                }));
            }
            black_box(total.into_inner());
        })
    })
    .contender("rayon, chunks", move || {
        let pool = rayon::pool(2);
        pool.install(|| {
            pace.turn(|| {
                by_rayon::pieces(pieces, |part| f(piece(part, pieces, len)));
            })
        })
    })
    .contender("rayon, two halves", move || {
        rayon::Rayon::with(2, |()| {
            pace.turn(|| {
                let (a, b) = ::rayon::join(|| f(0..len / 2), || f(len / 2..len));
                black_box(a.wrapping_add(b));
            })
        })
    })
    .contender(by_hand::NAME, move || {
        let mut pair = Pair::new();
        pace.turn(|| {
            let (mut here, there) = (0, AtomicU64::new(0));
            pair.both(|| here = f(0..len / 2), || there.store(f(len / 2..len), Ordering::Relaxed));
            black_box(here.wrapping_add(there.into_inner()));
        })
    })
    .yardstick("serial", move || {
        pace.turn(|| {
            black_box(f(black_box(0..len)));
        })
    })
}

/// Runs a loop of paralight's on a pool.
macro_rules! with_paralight {
    ($case:expr, $pace:expr, $len:expr, $even:expr, $pieces:expr, |$pool:ident| $run:expr) => {{
        let (pace, len, even, pieces) = ($pace, $len, $even, $pieces);
        $case
            .contender(ours::Ours::NAME, move || {
                let own = ours::pool(2);
                let $pool = if even { fitting(&own, len) } else { own.split_by(pieces) };
                pace.turn(|| $run)
            })
            .contender(upstream::Upstream::NAME, move || {
                let own = upstream::pool(2);
                if even {
                    pace.turn(|| {
                        let $pool = own.split_by_threads();
                        $run
                    })
                } else {
                    pace.turn(|| {
                        let $pool = own.split_by(pieces);
                        $run
                    })
                }
            })
            .contender(paralight::NAME, move || {
                let how = if even { RangeStrategy::Fixed } else { RangeStrategy::WorkStealing };
                let mut own = paralight::pool(2, how);
                pace.turn(|| {
                    let $pool = &mut own;
                    $run
                })
            })
    }};
}

/// The same loops as rayon's iterators, inside its pool. A module of its own: its traits have the names of paralight's.
mod by_rayon {
    use super::{Pace, kernels, rayon};
    use ::rayon::prelude::*;
    use micropool_benches::Turn;
    use std::hint::black_box;

    pub fn turn(pace: Pace, run: impl FnMut() + Send) -> Turn {
        rayon::pool(2).install(|| pace.turn(run))
    }

    pub fn sum(data: &[u64]) {
        black_box(data.par_iter().sum::<u64>());
    }

    pub fn add(a: &[u64], b: &[u64], out: &mut [u64]) {
        out.par_iter_mut().zip(a.par_iter().zip(b)).for_each(|(out, (a, b))| *out = a.wrapping_add(*b));
    }

    pub fn dot(a: &[f32], b: &[f32]) {
        black_box(a.par_iter().zip(b).map(|(a, b)| a * b).sum::<f32>());
    }

    pub fn stencil(data: &[f32], out: &mut [f32]) {
        out.par_iter_mut().enumerate().for_each(|(place, out)| *out = kernels::stencil_at(data, place));
    }

    pub fn items(len: usize, f: impl Fn(usize) -> u64 + Sync + Send) {
        black_box((0..len).into_par_iter().map(f).reduce(|| 0, u64::wrapping_add));
    }

    /// Each piece may be another thread's.
    pub fn pieces(count: usize, f: impl Fn(usize) -> u64 + Sync + Send) {
        black_box((0..count).into_par_iter().with_max_len(1).map(f).reduce(|| 0, u64::wrapping_add));
    }
}

/// The loop by an iterator over chunks, beside the one over items.
fn in_chunks<'a>(case: Case<'a>, pace: Pace, len: usize, run: impl Fn(Split<'_>, usize) + 'a) -> Case<'a> {
    let case = case.contender(CHUNKS, move || {
        let pool = ours::pool(2);
        let (split, chunk) = (fitting(&pool, len), chunk(len));
        pace.turn(|| run(split, chunk))
    });
    case.goal(Goal::best(1.05).of(CHUNKS))
}

fn goals(case: Case<'_>) -> Case<'_> {
    case.goal(Goal::best(1.05)).goal(Goal::best(1.02).of(RANGES))
}

fn sums(args: &Args, report: &mut Report, pace: Pace, len: usize) {
    let data: Vec<u64> = (0..len as u64).collect();
    let data = data.as_slice();
    let f = |range: Range<usize>| kernels::sum(&data[range]);
    let case = with_paralight!(Case::new(format!("sum of {len}")), pace, len, true, 2, |pool| {
        black_box(data.par_iter().with_thread_pool(pool).sum::<u64>());
    });
    let case = case.contender("rayon, par_iter", move || by_rayon::turn(pace, || by_rayon::sum(data)));
    let case = in_chunks(case, pace, len, |split, chunk| {
        black_box(data.par_chunks(chunk).with_thread_pool(split).map(kernels::sum).reduce(|| 0, u64::wrapping_add));
    });
    goals(ranged(case, pace, len, 2, Gives::Sums, &f)).run(args, report);
}

fn additions(args: &Args, report: &mut Report, pace: Pace, len: usize) {
    let (a, b): (Vec<u64>, Vec<u64>) = (0..len as u64).map(|x| (x, 3 * x)).unzip();
    let (a, b) = (a.as_slice(), b.as_slice());
    let mut out = vec![0_u64; len];
    let out = Output::new(&mut out);
    // SAFETY: a turn is a process of its own, and each of its loops gives each range to one thread.
    let all = || unsafe { out.range(0..len) };
    let f = |range: Range<usize>| {
        // SAFETY: as above.
        kernels::add(&a[range.clone()], &b[range.clone()], unsafe { out.range(range) });
        0
    };
    let case = with_paralight!(Case::new(format!("a + b of {len}")), pace, len, true, 2, |pool| {
        (all().par_iter_mut(), a.par_iter(), b.par_iter())
            .zip_eq()
            .with_thread_pool(pool)
            .for_each(|(out, a, b)| *out = a.wrapping_add(*b));
    });
    let case = case.contender("rayon, par_iter", move || by_rayon::turn(pace, || by_rayon::add(a, b, all())));
    let case = in_chunks(case, pace, len, |split, chunk| {
        (all().par_chunks_mut(chunk), a.par_chunks(chunk), b.par_chunks(chunk))
            .zip_eq()
            .with_thread_pool(split)
            .for_each(|(out, a, b)| kernels::add(a, b, out));
    });
    goals(ranged(case, pace, len, 2, Gives::Writes, &f)).run(args, report);
}

fn dots(args: &Args, report: &mut Report, pace: Pace, len: usize) {
    let (a, b): (Vec<f32>, Vec<f32>) = (0..len).map(|x| (x as f32, 0.5)).unzip();
    let (a, b) = (a.as_slice(), b.as_slice());
    let dot = |a: &[f32], b: &[f32]| kernels::dots(a, b).iter().sum::<f32>();
    let f = |range: Range<usize>| u64::from(dot(&a[range.clone()], &b[range]).to_bits());
    let case = with_paralight!(Case::new(format!("dot product of {len} f32")), pace, len, true, 2, |pool| {
        let products = (a.par_iter(), b.par_iter()).zip_eq().with_thread_pool(pool).map(|(a, b)| a * b);
        black_box(products.reduce(|| 0.0, |a, b| a + b));
    });
    let case = case.contender("rayon, par_iter", move || by_rayon::turn(pace, || by_rayon::dot(a, b)));
    let case = in_chunks(case, pace, len, |split, chunk| {
        let chunks = (a.par_chunks(chunk), b.par_chunks(chunk)).zip_eq().with_thread_pool(split);
        // The eight sums of all chunks: those of each would be added one after another.
        black_box(chunks.map(|(a, b)| kernels::dots(a, b)).reduce(|| [0.0; 8], kernels::both).iter().sum::<f32>());
    });
    goals(ranged(case, pace, len, 2, Gives::Sums, &f)).run(args, report);
}

fn stencils(args: &Args, report: &mut Report, pace: Pace, len: usize) {
    let data: Vec<f32> = (0..len).map(|x| x as f32).collect();
    let data = data.as_slice();
    let mut out = vec![0.0_f32; len];
    let out = Output::new(&mut out);
    // SAFETY: a turn is a process of its own, and each of its loops gives each range to one thread.
    let all = || unsafe { out.range(0..len) };
    let f = |range: Range<usize>| {
        // SAFETY: as above.
        kernels::stencil(data, range.clone(), unsafe { out.range(range) });
        0
    };
    let case = with_paralight!(Case::new(format!("stencil over {len} f32")), pace, len, true, 2, |pool| {
        (all().par_iter_mut(), (0..len).into_par_iter())
            .zip_eq()
            .with_thread_pool(pool)
            .for_each(|(out, place)| *out = kernels::stencil_at(data, place));
    });
    let case = case.contender("rayon, par_iter", move || by_rayon::turn(pace, || by_rayon::stencil(data, all())));
    let case = in_chunks(case, pace, len, |split, chunk| {
        all().par_chunks_mut(chunk).enumerate().with_thread_pool(split).for_each(|(k, out)| {
            kernels::stencil(data, k * chunk..k * chunk + out.len(), out);
        });
    });
    goals(ranged(case, pace, len, 2, Gives::Writes, &f)).run(args, report);
}

/// How finely uneven work is cut, for two threads.
const UNEVEN: usize = 32;

fn skews(args: &Args, report: &mut Report, pace: Pace, len: usize) {
    let f = |range: Range<usize>| kernels::skewed(range, len);
    let case = with_paralight!(Case::new(format!("skewed loop over {len}")), pace, len, false, UNEVEN, |pool| {
        let items = (0..len).into_par_iter().with_thread_pool(pool);
        black_box(items.map(|index| kernels::skewed_at(index, len)).reduce(|| 0, u64::wrapping_add));
    });
    let case = case.contender("rayon, par_iter", move || {
        by_rayon::turn(pace, || by_rayon::items(len, |index| kernels::skewed_at(index, len)))
    });
    goals(ranged(case, pace, len, UNEVEN, Gives::Sums, &f)).run(args, report);
}

fn mandelbrot(args: &Args, report: &mut Report, pace: Pace, size: usize) {
    let f = |range: Range<usize>| range.map(|row| kernels::mandelbrot_row(row, size)).sum();
    let pieces = size / 8;
    let case =
        with_paralight!(Case::new(format!("Mandelbrot, {size} rows of {size}")), pace, size, false, pieces, |pool| {
            let rows = (0..size).into_par_iter().with_thread_pool(pool);
            black_box(rows.map(|row| kernels::mandelbrot_row(row, size)).reduce(|| 0, u64::wrapping_add));
        });
    let case = case.contender("rayon, par_iter", move || {
        by_rayon::turn(pace, || by_rayon::items(size, |row| kernels::mandelbrot_row(row, size)))
    });
    goals(ranged(case, pace, size, pieces, Gives::Sums, &f)).run(args, report);
}

/// What it costs to start: two chunks with nothing in them.
fn empty(args: &Args, report: &mut Report, pace: Pace) {
    Case::new("an empty loop over two chunks, from outside, hot")
        .contender(ours::Ours::NAME, move || {
            let pool = ours::pool(2);
            pace.turn(|| {
                pool.split_by(2).for_each_range(2, |range| {
                    black_box(range);
                })
            })
        })
        .contender(fork_union::NAME, move || {
            let mut pool = fork_union::pool(2);
            pace.turn(|| {
                drop(pool.for_slices(2, |first, _| {
                    black_box(first.task_index);
                }));
            })
        })
        .contender(upstream::Upstream::NAME, move || {
            let pool = upstream::pool(2);
            pace.turn(|| nothing(pool.split_by(2)))
        })
        .contender("rayon, outside", move || {
            let pool = rayon::pool(2);
            pace.turn(|| pool.install(|| by_rayon::pieces(2, |part| part as u64)))
        })
        .contender(paralight::NAME, move || {
            let mut pool = paralight::pool(2, RangeStrategy::Fixed);
            pace.turn(|| nothing(&mut pool))
        })
        .goal(Goal::absolute(200.0))
        .run(args, report);
}

/// Loops that are too small to be split: what the pool costs beside the loop itself.
fn small(args: &Args, report: &mut Report, pace: Pace) {
    let two = [1_u64, 2];
    Case::new("a sum of two, hot: splitting can't pay")
        .contender(ours::Ours::NAME, move || {
            let pool = ours::pool(2);
            pace.turn(|| {
                black_box(black_box(&two).par_iter().with_thread_pool(pool.split_by_threads()).sum::<u64>());
            })
        })
        .yardstick("serial", move || {
            pace.turn(|| {
                black_box(black_box(&two).iter().sum::<u64>());
            })
        })
        .goal(Goal::absolute(100.0))
        .run(args, report);
    let data: Vec<u64> = (0..1000).collect();
    let data = data.as_slice();
    let least = args.size(20, 60);
    let asleep = move |mut run: Box<dyn FnMut() + '_>| {
        Turn::timed(Duration::ZERO, least, || {
            sleep(Duration::from_millis(20));
            let start = Instant::now();
            run();
            start.elapsed().as_nanos() as f64
        })
    };
    Case::new("a sum of 1000, after 20 ms asleep")
        .contender(ours::Ours::NAME, move || {
            let pool = ours::pool(2);
            asleep(Box::new(|| {
                black_box(data.par_iter().with_thread_pool(pool.split_by_threads()).sum::<u64>());
            }))
        })
        .contender(fork_union::NAME, move || {
            let mut pool = fork_union::pool(2);
            asleep(Box::new(|| {
                let total = AtomicU64::new(0);
                drop(pool.for_slices(data.len(), |first, count| {
                    let range = first.task_index..first.task_index + count;
                    total.fetch_add(kernels::sum(&data[range]), Ordering::Relaxed);
                }));
                black_box(total.into_inner());
            }))
        })
        .contender(upstream::Upstream::NAME, move || {
            let pool = upstream::pool(2);
            asleep(Box::new(|| {
                black_box(data.par_iter().with_thread_pool(pool.split_by_threads()).sum::<u64>());
            }))
        })
        .contender("rayon, outside", move || {
            let pool = rayon::pool(2);
            asleep(Box::new(|| pool.install(|| by_rayon::sum(data))))
        })
        .yardstick("serial", move || {
            asleep(Box::new(|| {
                black_box(kernels::sum(black_box(data)));
            }))
        })
        .yardstick(WOKEN, move || {
            let parked = Parked::new();
            asleep(Box::new(|| {
                parked.wake();
                black_box(kernels::sum(black_box(data)));
            }))
        })
        .goal(Goal::ratio(WOKEN, 1.1))
        .run(args, report);
}

const WOKEN: &str = "serial, and a thread woken";

/// A thread that sleeps, on the core of a pool's worker: waking it is what a pool can't do without, if it wants help.
struct Parked {
    thread: thread::JoinHandle<()>,
    ends: Arc<AtomicBool>,
}

impl Parked {
    fn new() -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let told = ends.clone();
        let thread = thread::spawn(move || {
            pin::this_thread(1);
            while !told.load(Ordering::Relaxed) {
                thread::park();
            }
        });
        Self { thread, ends }
    }

    fn wake(&self) {
        self.thread.thread().unpark();
    }
}

impl Drop for Parked {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        self.wake();
    }
}

fn nothing(pool: impl GenericThreadPool) {
    (0..2_usize).into_par_iter().with_thread_pool(pool).for_each(|x| {
        black_box(x);
    });
}

/// The splits beside each other, over the same loop; "micropool" is the one per thread.
fn splits(args: &Args, report: &mut Report, pace: Pace, name: &str, len: usize, f: impl Fn(usize) -> u64 + Sync) {
    let f = &f;
    let one = |name: &'static str, make: fn(&ThreadPool) -> Split<'_>| {
        (name, move || {
            let pool = ours::pool(2);
            let split = make(&pool);
            pace.turn(|| {
                let items = (0..len).into_par_iter().with_thread_pool(split);
                black_box(items.map(f).reduce(|| 0, u64::wrapping_add));
            })
        })
    };
    let all = [
        one(ours::Ours::NAME, |pool| pool.split_by_threads()),
        one("micropool, split_by(8)", |pool| pool.split_by(8)),
        one("micropool, split_by(64)", |pool| pool.split_by(64)),
        one("micropool, split_per(100)", |pool| pool.split_per(100)),
        one("micropool, split_per(1000)", |pool| pool.split_per(1000)),
        one("micropool, split_per_item", |pool| pool.split_per_item()),
    ];
    let case = Case::new(format!("splits: {name}, {len} items"));
    all.into_iter().fold(case, |case, (name, turn)| case.contender(name, turn)).run(args, report);
}

fn main() {
    let Options { common: args } = Options::parse();
    let args = &args;
    let mut report = Report::start("loops", args);
    let pace = Pace(Duration::from_millis(args.size(3, 40)));
    let sizes: &[usize] = args.size(&[1_000, 100_000, 1_000_000], &[1_000, 10_000, 100_000, 1_000_000, 10_000_000]);
    let loops: [fn(&Args, &mut Report, Pace, usize); 5] = [sums, additions, dots, stencils, skews];
    for run in loops {
        for &len in sizes {
            run(args, &mut report, pace, len);
        }
    }
    mandelbrot(args, &mut report, pace, args.size(256, 4096));
    empty(args, &mut report, pace);
    small(args, &mut report, pace);
    for len in [1_000, 100_000] {
        // Nothing that the compiler could add up by a formula.
        let even = |index: usize| (index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(7);
        splits(args, &mut report, pace, "even", len, even);
        splits(args, &mut report, pace, "skewed", len, move |index| kernels::skewed_at(index, len));
    }
    // About 4 µs each, as a row or an entity may take, and one in ten takes ten times that.
    for (name, long) in [("of 4 µs", 1), ("of 4 µs, some of 40", 10)] {
        splits(args, &mut report, pace, name, 500, move |index| {
            let times = if index % 10 == 0 { long } else { 1 };
            kernels::skewed(0..100 * times, 100 * times)
        });
    }
    report.finish();
}
