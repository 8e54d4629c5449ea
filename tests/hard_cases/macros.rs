//! Macros: 28 to 32.

use crate::{Counted, Payload, counter, on_pools, payload, watched};
use micropool::{parallel, try_parallel};
use std::panic::{AssertUnwindSafe, panic_any};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// All files of a folder that end so.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    all.filter(|path| path.extension().is_some_and(|end| end == ending)).collect()
}

// That the compiler says this is tested by `micropool-macros/tests/ui`; here, that what it says stands on the token that is wrong.
#[test]
fn case_28_messages_stand_on_the_users_tokens() {
    watched(messages_stand_on_the_users_tokens);
}

fn messages_stand_on_the_users_tokens() {
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("micropool-macros/tests/ui");
    let mut messages = 0;
    for folder in ["parallel", "job"].map(|name| ui.join(name)) {
        for source in files(&folder, "rs") {
            let name = source.display().to_string();
            let snapshot = std::fs::read_to_string(source.with_extension("stderr"))
                .unwrap_or_else(|_| panic!("{name} has no message"));
            let source: Vec<String> = std::fs::read_to_string(&source).unwrap().lines().map(String::from).collect();
            for error in format!("\n{snapshot}").split("\nerror").filter(|part| part.contains("--> ")) {
                let place = error.split("--> ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
                let mut numbers = place.rsplit(':').map(|number| number.parse::<usize>().unwrap());
                let (column, line) = (numbers.next().unwrap(), numbers.next().unwrap());
                let marked = &source[line - 1][column - 1..];
                assert!(!marked.trim().is_empty(), "{name}: {place} marks nothing");
                // Errors with a number, and that of the borrow checker without one, are rustc's own, which may explain more than one token.
                if error.starts_with('[') || error.starts_with(": lifetime may not live long enough") {
                    continue;
                }
                for whole in ["parallel!", "try_parallel!", "micropool::", "#[micropool"] {
                    assert!(!marked.starts_with(whole), "{name}: {place} marks the whole call: {marked}");
                }
                messages += 1;
            }
        }
    }
    assert!(messages > 100, "{messages} messages were looked at");
}

#[test]
fn case_29_hygiene() {
    #![allow(non_camel_case_types, dead_code, unused_variables)]
    /// Names of the prelude and of crates that mean something else here.
    mod hostile {
        pub struct Option {}
        pub struct Result {}
        pub struct Some {}
        pub struct None {}
        pub struct Ok {}
        pub struct Err {}
        pub struct Send {}
        pub struct Box {}
        pub mod core {}
        pub mod std {}
        pub mod alloc {}
        macro_rules! panic {
            () => {};
        }
        macro_rules! vec {
            () => {};
        }
        panic!();
        vec![];

        pub fn run() -> (u32, u32) {
            let (block, plan, results, here, job, jobs, seat, f) = (1, 1, 1, 1, 1, 1, 1, 1);
            // A node named as a variant of the prelude can come before others, but not be their input: Rust has no such variable.
            let nested = ::micropool::parallel! {
                pool => 1, self_(pool) => pool + 1, Ok(self_) => self_ + 1, core(self_) after Ok => self_ + 2, std(core) => core + block,
            };
            let counted = ::micropool::parallel! {
                use;
                block => 1, plan(block) => block + 1, results(plan) => plan + 1, here_(results) => results + here,
                Some(mut here_, block) => { *here_ += block; *here_ }, None(here_) after Some => here_ + f, _ after None => (),
            };
            (nested.std, counted.None)
        }
    }
    on_pools(|pool| assert_eq!(pool.install(hostile::run), (5, 6)));
}

#[test]
fn case_30_control_flow_stays_in_its_node() {
    fn returns(early: bool) -> (u32, Option<u32>, u32) {
        let frame = parallel! {
            a => { if early { return 1_u32; } 2 },
            b(a) => Some(a.checked_sub(2)? + 10),
            c after b => (3..).find(|n| { if early { return true; } *n == 4 }).map_or(0, |n| 'out: { for k in 0.. { if k == n { break 'out n; } } 0 }),
        };
        (frame.a, frame.b, frame.c)
    }
    fn tries(text: &str) -> Result<u32, std::num::ParseIntError> {
        let frame = try_parallel! {
            use;
            a => text.parse::<u32>(),
            b(a) => Ok(a + "1".parse::<u32>()?),
            c(b) => { if *b > 100 { return Ok(0); } Ok(b * 2) },
        };
        Ok(frame?.c)
    }
    on_pools(|pool| {
        pool.install(|| {
            assert_eq!(returns(true), (1, None, 3));
            assert_eq!(returns(false), (2, Some(10), 4));
            assert_eq!(tries("4"), Ok(10));
            assert_eq!(tries("400"), Ok(0));
            assert!(tries("four").is_err());
            // `.await` belongs to an `async` block of the node's own.
            let frame = parallel! { ready => async { async { 15 }.await * 2 }, task => micropool::spawn(|| 31) };
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            let mut ready = std::pin::pin!(frame.ready);
            assert_eq!(Future::poll(ready.as_mut(), &mut context), std::task::Poll::Ready(30));
            assert_eq!(frame.task.join(), 31);
        });
    });
}

mod big {
    include!(concat!(env!("OUT_DIR"), "/comb.rs"));
}

// A spine with a tooth at each vertebra, and one node that gathers all teeth; the other shapes are in `tests/big_graphs`, with the
// compile times.
#[test]
fn case_31_a_graph_of_200_nodes_on_a_small_stack() {
    watched(|| {
        for workers in [0, 3] {
            const STACK: usize = 512 << 10;
            let pool =
                micropool::ThreadPoolBuilder::new().num_threads(workers).stack_size(STACK).build().expect("threads");
            std::thread::scope(|s| {
                let run = || (0..20).for_each(|_| assert_eq!(pool.install(big::comb), big::COMB));
                std::thread::Builder::new().stack_size(STACK).spawn_scoped(s, run).expect("a thread");
            });
        }
    });
}

#[test]
fn case_32_a_node_that_panics() {
    on_pools(|pool| {
        pool.install(|| {
            for form in 0..2 {
                let (dropped, ran) = (counter(), AtomicUsize::new(0));
                let token = || Counted(dropped.clone());
                let (one, two, three, four) = (token(), token(), token(), token());
                let count = |n: usize| {
                    ran.fetch_add(n, Ordering::Relaxed);
                };
                let run = AssertUnwindSafe(|| {
                    if form == 0 {
                        parallel! {
                            a => { let _one = one; count(1); token() },
                            b(a) => { let _two = (two, a); panic_any(Payload(32)) },
                            c(b) => { let _three = (three, b); count(100) },
                            d after a => { let _four = four; count(10) },
                        };
                    } else {
                        parallel! {
                            use;
                            a => { let _one = one; count(1); token() },
                            b(a) => { let _two = (two, a); panic_any(Payload(32)) },
                            c(b) => { let _three = (three, b); count(100) },
                            d after a => { let _four = four; count(10) },
                            e(move a) after b => { drop(a); count(1000) },
                        };
                    }
                });
                assert_eq!(payload(run), 32);
                assert_eq!(ran.into_inner(), 11, "dependants are skipped, the others run");
                assert_eq!(dropped.load(Ordering::SeqCst), 5, "captures and results are dropped once");
                assert_eq!(Arc::strong_count(&dropped), 1);
            }
        })
    });
}
