//! How each pool is made and entered, in the best form its own documentation gives: one file each.

pub mod bevy;
pub mod by_hand;
pub mod chili;
pub mod fork_union;
pub mod forte;
pub mod ours;
pub mod paralight;
pub mod rayon;
pub mod serial;
pub mod upstream;

/// A pool that can fork a call into two.
///
/// `Here` is what a thread of the pool passes on to the calls it makes: nothing, a scope, a worker.
pub trait Forks {
    /// As the figures name it.
    const NAME: &'static str;

    type Here<'a>;

    /// Makes a pool in which `threads` threads compute, and runs `f` on one of them. Pinned, that thread is on the first core.
    fn with<R: Send>(threads: usize, f: impl FnOnce(&mut Self::Here<'_>) -> R + Send) -> R;

    /// Both, perhaps at once. The calling thread goes on with `a` and offers `b`: a pool whose own `join` does it the other way
    /// round is given them the other way round, so that everybody visits a tree in the same order.
    fn join<A, B, RA, RB>(here: &mut Self::Here<'_>, a: A, b: B) -> (RA, RB)
    where
        A: for<'x, 'y> FnOnce(&'x mut Self::Here<'y>) -> RA + Send,
        B: for<'x, 'y> FnOnce(&'x mut Self::Here<'y>) -> RB + Send,
        RA: Send,
        RB: Send;
}
