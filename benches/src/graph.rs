//! The frame of a game, and how pools without graphs run it: a countdown a node, and who finishes a node goes on with what
//! became ready.
//!
//! input 50 → (physics 300, animation 200, audio 100, ai 200) → cull 100 after physics and animation → render 300 after
//! cull and audio. In whatever order, two threads can't be faster than its longest way: 750.

use crate::work::compute;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

/// How long each node takes.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub input: Duration,
    pub physics: Duration,
    pub animation: Duration,
    pub audio: Duration,
    pub ai: Duration,
    pub cull: Duration,
    pub render: Duration,
}

impl Frame {
    /// The frame whose best time for two threads is `bound` (750 µs unscaled).
    pub fn scaled_to(bound: Duration) -> Self {
        let part = |micros: u32| bound * micros / 750;
        Self {
            input: part(50),
            physics: part(300),
            animation: part(200),
            audio: part(100),
            ai: part(200),
            cull: part(100),
            render: part(300),
        }
    }

    /// Animation 400, audio 250: its longest way is 850, and two threads need 900.
    pub fn lopsided() -> Self {
        let (animation, audio) = (Duration::from_micros(400), Duration::from_micros(250));
        Self { animation, audio, ..Self::scaled_to(Duration::from_micros(750)) }
    }

    pub fn work(&self) -> Duration {
        self.input + self.physics + self.animation + self.audio + self.ai + self.cull + self.render
    }
}

/// Nodes in order of urgency, the longest way to the end first; and who waits for whom.
const INPUT: usize = 0;
const NODES: usize = 7;
const SUCCESSORS: [&[usize]; NODES] = [&[1, 2, 4, 6], &[3], &[3], &[5], &[5], &[], &[]];
const PREDECESSORS: [u32; NODES] = [0, 1, 1, 2, 1, 2, 1];

/// One run of a frame with counters.
#[derive(Debug)]
pub struct Run {
    costs: [Duration; NODES],
    waits_for: [AtomicU32; NODES],
    ready: AtomicU32,
    left: AtomicUsize,
}

impl Run {
    pub fn new(frame: &Frame) -> Self {
        let Frame { input, physics, animation, audio, ai, cull, render } = *frame;
        Self {
            costs: [input, physics, animation, cull, audio, render, ai],
            waits_for: PREDECESSORS.map(AtomicU32::new),
            ready: AtomicU32::new(1 << INPUT),
            left: AtomicUsize::new(NODES),
        }
    }

    /// Runs a node; gives, as bits, those that became ready.
    fn node(&self, node: usize) -> u32 {
        compute(self.costs[node]);
        let ready = SUCCESSORS[node].iter().filter(|&&after| self.waits_for[after].fetch_sub(1, Ordering::AcqRel) == 1);
        ready.fold(0, |bits, after| bits | 1 << after)
    }

    /// For pools whose threads all make one call: takes ready nodes until none is left, spinning while there are none.
    pub fn work(&self) {
        while self.left.load(Ordering::Acquire) > 0 {
            let ready = self.ready.load(Ordering::Acquire);
            let bit = ready & ready.wrapping_neg();
            if bit == 0 || self.ready.fetch_and(!bit, Ordering::AcqRel) & bit == 0 {
                spin_loop();
                continue;
            }
            let became_ready = self.node(bit.trailing_zeros() as usize);
            self.ready.fetch_or(became_ready, Ordering::AcqRel);
            self.left.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// For pools with scopes: runs from a node on, goes on with the most urgent node that became ready, spawns the others.
    pub fn from(&self, mut node: usize, spawn: &impl Fn(usize)) {
        loop {
            let mut ready = self.node(node);
            if ready == 0 {
                return;
            }
            node = ready.trailing_zeros() as usize;
            ready &= ready - 1;
            while ready != 0 {
                spawn(ready.trailing_zeros() as usize);
                ready &= ready - 1;
            }
        }
    }

    /// As [`from`](Self::from), for the first node.
    pub fn from_start(&self, spawn: &impl Fn(usize)) {
        self.from(INPUT, spawn);
    }
}
