//! No pool: two calls, one after the other.

use super::Forks;

#[derive(Debug)]
pub struct Serial;

impl Forks for Serial {
    const NAME: &'static str = "serial";

    type Here<'a> = ();

    fn with<R: Send>(_threads: usize, f: impl FnOnce(&mut ()) -> R + Send) -> R {
        f(&mut ())
    }

    #[inline]
    fn join<A, B, RA, RB>((): &mut (), a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(&mut ()) -> RA + Send,
        B: FnOnce(&mut ()) -> RB + Send,
        RA: Send,
        RB: Send,
    {
        (a(&mut ()), b(&mut ()))
    }
}
