//! What the macros make, besides frames: graphs whose nodes may fail, and functions that are jobs.

use micropool::ThreadPool;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::atomic::{AtomicU32, Ordering};

/// A graph in which some nodes give an error and some panic: out comes what its highest failure says, and nodes that need one that failed
/// haven't run.
pub fn fails_as_its_highest_node(pool: &ThreadPool, seed: u64) -> Result<u64, String> {
    let ran = AtomicU32::new(0);
    // Each node by two bits of the seed: half of them are well.
    let node = |k: u64| {
        ran.fetch_or(1 << k, Ordering::Relaxed);
        match seed >> (2 * k) & 3 {
            0 | 1 => Ok(seed ^ k),
            2 => Err(k),
            _ => panic_any(k),
        }
    };
    let came = catch_unwind(AssertUnwindSafe(|| {
        let frame = micropool::try_parallel! {
            in pool; error u64;
            a => node(0),
            b => node(1),
            c(a) => node(2).map(|c| a + c),
            d(a, b) => node(3).map(|d| a + b + d),
            e after c => node(4),
            background save(clone a) => a + 5,
            f(move d, e) => node(5).map(|f| d + e + f),
        }?;
        Ok::<_, u64>((frame.f, frame.save.join()))
    }));
    let is_well = |k: u64| seed >> (2 * k) & 2 == 0;
    // In sequence: which nodes run, and the highest that fails.
    let needs: [&[u64]; 6] = [&[], &[], &[0], &[0, 1], &[2], &[3, 4]];
    let mut runs = 0_u32;
    for (k, needs) in (0..).zip(needs) {
        if needs.iter().all(|&need| runs >> need & 1 == 1 && is_well(need)) {
            runs |= 1 << k;
        }
    }
    let highest = (0..6).find(|&k| runs >> k & 1 == 1 && !is_well(k));
    let right = match (highest, came) {
        (None, Ok(Ok((f, save)))) => f == seed + (seed ^ 1) + (seed ^ 3) + (seed ^ 4) + (seed ^ 5) && save == seed + 5,
        (Some(k), Ok(Err(error))) => error == k && seed >> (2 * k) & 3 == 2,
        (Some(k), Err(payload)) => payload.downcast_ref() == Some(&k) && seed >> (2 * k) & 3 == 3,
        _ => false,
    };
    match ran.into_inner() {
        ran if ran != runs => Err(format!("nodes {ran:b} of a graph ran instead of {runs:b}")),
        _ if right => Ok(1),
        _ => Err(String::from("a graph that may fail ended by something else than its highest failure")),
    }
}

#[micropool::job]
fn sum(numbers: &[u64]) -> u64 {
    match numbers {
        [] => 0,
        [one] => *one,
        many => {
            let (left, right) = many.split_at(many.len() / 2);
            let (left, right) = micropool::join(|| sum(left), || sum(right));
            left + right
        }
    }
}

#[micropool::job(background)]
fn numbers(seed: u64, count: u64) -> Result<Vec<u64>, u64> {
    if count == 0 {
        Err(seed)?;
    }
    Ok((0..count).map(|n| seed ^ n).collect())
}

/// Starts when both are there.
#[micropool::job(background)]
fn total(#[after] left: Result<Vec<u64>, u64>, #[after] right: Result<Vec<u64>, u64>, plus: u64) -> Result<u64, u64> {
    Ok(sum(&left?) + sum(&right?) + plus)
}

/// A job of jobs, and the same in sequence.
pub fn jobs(pool: &ThreadPool, seed: u64) -> Result<u64, String> {
    let (more, less) = (seed % 40, seed / 40 % 8);
    let came = pool.install(|| total(numbers(seed, more), numbers(!seed >> 30, less), 7).join());
    let expected = if more == 0 {
        Err(seed)
    } else if less == 0 {
        Err(!seed >> 30)
    } else {
        let all = (0..more).map(|n| seed ^ n).chain((0..less).map(|n| (!seed >> 30) ^ n));
        Ok(all.sum::<u64>() + 7)
    };
    if came == expected { Ok(1) } else { Err(format!("jobs gave {came:?} instead of {expected:?}")) }
}
