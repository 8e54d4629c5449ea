//! Nodes that are off by `cfg`: they keep their place and their edges, and use nothing.

#![forbid(unsafe_code)]
#![deny(warnings)]

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use micropool::{ThreadPoolBuilder, parallel, try_parallel};

/// Runs `f` in pools of several sizes.
fn everywhere(f: impl Fn()) {
    for workers in [0, 1, 2, 4] {
        ThreadPoolBuilder::new().num_threads(workers).build().expect("threads can be made").install(&f);
    }
}

#[test]
fn nodes_that_are_off_keep_their_place() {
    everywhere(|| {
        let frame = parallel! {
            a => 1,
            #[cfg(any())]
            b(a) => there_is_no_such_function(a),
            #[cfg(all())]
            c after b => 3,
            d(b) => *b,
            #[cfg(any())]
            background e => nor_this(),
            /// Documented.
            #[allow(clippy::no_effect)]
            f => (),
        };
        let () = frame.b;
        let () = frame.d;
        frame.e.join();
        assert_eq!((frame.a, frame.c), (1, 3));
        let tried: Result<_, ()> = try_parallel! { #[cfg(any())] a => nothing(), b(a) => {
            let _: () = *a;
            Ok(())
        } };
        tried.unwrap().b
    });
}

/// Neither `Clone` nor `Sync`.
struct Plain(Cell<u8>);

struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[test]
fn nodes_that_are_off_use_nothing() {
    everywhere(|| {
        let dropped = AtomicUsize::new(0);
        let mut world = Plain(Cell::new(1));
        let countdown = parallel! {
            use mut world;
            a => Plain(Cell::new(1)),
            #[cfg(any())]
            read(a, world) if there_is_no_such_name => a.nor_such_a_method(),
            #[cfg(any())]
            copied(clone a, clone world) => a.nor_such_a_method(),
            b(mut a, mut world) => world.0.set(a.0.get() + 1),
            counted => Counted(&dropped),
            #[cfg(any())]
            moved(move counted) => counted.nor_such_a_method(),
            after(moved) => { let () = *moved; dropped.load(Relaxed) }
            #[cfg(any())]
            background copy(clone world) if there_is_no_such_name => world.nor_such_a_method(),
            #[cfg(any())]
            background later(move copy) => copy.nor_such_a_method(),
        };
        // What was moved into it has ended where it stands.
        assert_eq!((countdown.after, countdown.a.0.get(), world.0.get()), (1, 1, 2));
        let () = countdown.later.join();
        let nested = parallel! {
            nested;
            a => Plain(Cell::new(1)),
            #[cfg(any())]
            b(clone a) if a.nor_such_a_method() => a,
            c => 2,
            #[cfg(any())]
            d(mut c, mut a) => c.nor_such_a_method(),
            e(c) => *c,
        };
        assert_eq!((nested.a.0.get(), nested.b, nested.e), (1, Some(()), 2));
    });
}
