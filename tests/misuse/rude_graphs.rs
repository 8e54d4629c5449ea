//! Results and captures of graphs that fail, whose drop panics: what comes out is the graph's failure all the same.

use super::*;

/// Panics in its drop, always.
struct Ruder;

impl Drop for Ruder {
    fn drop(&mut self) {
        panic!("ruder");
    }
}

/// Fails, with a payload that no drop has.
fn fail() {
    if token() {
        std::panic::panic_any("failed");
    }
}

/// That the block ends by the panic of `fail`.
fn fails<R>(block: impl FnOnce() -> R) {
    let payload = catch_unwind(AssertUnwindSafe(|| drop(block()))).expect_err("a node failed");
    assert_eq!(payload.downcast_ref(), Some(&"failed"));
}

#[test]
fn rude_results_of_a_graph_that_fails() {
    on_pools(|pool| {
        pool.install(|| {
            // Moved into a node that doesn't run, one or several.
            fails(|| micropool::parallel! { use; a => Ruder, b => fail(), c(move a) after b => drop(a) });
            fails(|| micropool::parallel! { nested; a => Ruder, b => fail(), c(move a) after b => drop(a) });
            fails(|| micropool::parallel! { use; a => Ruder, a2 => Ruder, b => fail(), c(move a, move a2) after b => drop((a, a2)) });
            fails(
                || micropool::parallel! { nested; a => Ruder, a2 => Ruder, b => fail(), c(move a, move a2) after b => drop((a, a2)) },
            );
            // Left to the end of the block.
            fails(|| micropool::parallel! { use; a => Ruder, a2 => Ruder, b => fail() }.into_tuple());
            fails(|| micropool::parallel! { nested; a => Ruder, a2 => Ruder, b => fail() }.into_tuple());
            let failed = micropool::try_parallel! {
                use; error u8;
                a => Ok(Ruder), a2 => Ok(Ruder), b => if token() { Err(1) } else { Ok(()) },
                c(move a) after b => { drop(a); Ok(()) },
            };
            assert_eq!(failed.map(forget), Err(1));
            let failed = micropool::try_parallel! {
                nested; error u8;
                a => Ok(Ruder), a2 => Ok(Ruder), b => if token() { Err(1) } else { Ok(()) },
                c(move a) after b => { drop(a); Ok(()) },
            };
            assert_eq!(failed.map(forget), Err(1));
        });
    });
}

#[test]
fn rude_captures_of_nodes_that_do_not_run() {
    on_pools(|pool| {
        pool.install(|| {
            let ran = AtomicUsize::new(0);
            let run = || ran.fetch_add(1, Ordering::SeqCst);
            // Behind the failing node in one chain, each with something of its own; and in a job of its own.
            let (r, s) = (Ruder, Ruder);
            fails(|| micropool::parallel! { use; b => fail(), c after b => drop(r), d after c => drop(s), e => run() });
            let (r, s, t) = (Ruder, Ruder, Ruder);
            fails(|| {
                micropool::parallel! {
                    use; a => run(), b => fail(), c after (a, b) => drop(r), d after c => drop(s), here f after b => drop(t), g => run(),
                }
            });
            assert_eq!(ran.swap(0, Ordering::SeqCst), 3);
            let (r, s) = (Ruder, Ruder);
            fails(|| {
                micropool::parallel! {
                    nested;
                    a => (), b after a => fail(), c after b => drop(r), c2 after c => drop(s),
                    d after a => run(), x after (c2, d) => (), z after a => run(), w after (x, z) => (), v after a => run(),
                }
            });
            assert_eq!(ran.swap(0, Ordering::SeqCst), 3);
            // A rude capture beside rude inputs.
            let r = Ruder;
            fails(|| micropool::parallel! { nested; a => Ruder, b => fail(), c(move a) after b => drop((a, r)), d => run() });
            assert_eq!(ran.swap(0, Ordering::SeqCst), 1);
        });
    });
}
