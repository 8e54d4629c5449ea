//! What only the macros call, called as they never do.

use super::*;

/// What only the macro calls: a fork that leaves it to the next one to offer its branch, where none follows. Nobody has seen the branch then,
/// so it is run, or dropped, here.
#[test]
fn a_branch_that_nobody_offers() {
    on_pools(|pool| {
        let block = micropool::__private::Block::<std::convert::Infallible>::new(&[]);
        let dropped = Arc::new(());
        for ends in [true, false] {
            let kept = dropped.clone();
            let first = || if ends { 1 } else { resume_unwind(Box::new("as asked")) };
            let both = catch_unwind(AssertUnwindSafe(|| {
                pool.install(|| block.fork_outer(1, first, move || Arc::strong_count(&kept)))
            }));
            assert_eq!(both.ok(), ends.then_some((1, 2)));
            assert_eq!(Arc::strong_count(&dropped), 1);
        }
    });
}

/// What only the macro calls, with plans that it never writes. A circle never begins: each of its nodes waits for another, and so the
/// call doesn't return. What isn't on it is run once.
#[test]
fn a_plan_with_a_circle_runs_nothing_twice() {
    static RUNS: [AtomicUsize; 5] = [const { AtomicUsize::new(0) }; 5];
    static CIRCLE: Plan<5> = {
        const fn to(succs: &'static [Edge]) -> NodeSpec {
            NodeSpec { succs, here: false }
        }
        const fn edge(to: u32) -> Edge {
            Edge { to, needs: true }
        }
        // The first leads into a circle of the second and the third; the fourth leads to itself; the last stands alone.
        const INTO: &[Edge] = &[edge(1)];
        const FORTH: &[Edge] = &[edge(2)];
        const BACK: &[Edge] = &[edge(1)];
        const ITSELF: &[Edge] = &[edge(3)];
        Plan::new([to(INTO), to(FORTH), to(BACK), to(ITSELF), to(&[])], 2)
    };
    if support::role().is_none() {
        return within(LIMIT, || {
            let mut child = support::in_child("plans::a_plan_with_a_circle_runs_nothing_twice", "circle");
            let child = child.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            let output = support::ended(child, LIMIT / 4);
            assert_eq!(output.status.code(), Some(8), "{}", String::from_utf8_lossy(&output.stderr));
        });
    }
    let runs = || RUNS.each_ref().map(|count| count.load(Ordering::SeqCst));
    let calls: Vec<_> = [0, 2]
        .map(|workers| {
            std::thread::spawn(move || {
                let mut jobs = std::array::from_fn::<_, 5, _>(|k| {
                    OnceJob::new(move |may| {
                        RUNS[k].fetch_add(1, Ordering::SeqCst);
                        may
                    })
                });
                let pool = self::pool(workers);
                pool.install(|| run_graph::<5, 0>(&CIRCLE, jobs.each_mut().map(|job| job as _), &mut []));
            })
        })
        .into();
    assert!(eventually(LIMIT / 8, || runs() == [2, 0, 0, 0, 2]), "{:?}", runs());
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(runs(), [2, 0, 0, 0, 2], "three of five wait for one another, or for themselves");
    assert!(calls.iter().all(|call| !call.is_finished()));
    std::process::exit(8);
}

/// As above: a node for the caller, without its job. It counts as one that panicked.
#[test]
fn a_plan_whose_caller_lacks_a_job() {
    const TO_2: &[Edge] = &[Edge { to: 2, needs: true }];
    const TO_3: &[Edge] = &[Edge { to: 3, needs: true }];
    static PLAN: Plan<4> = Plan::new(
        [
            NodeSpec { succs: TO_2, here: true },
            NodeSpec { succs: TO_3, here: true },
            NodeSpec { succs: &[], here: false },
            NodeSpec { succs: &[], here: false },
        ],
        2,
    );
    on_pools(|pool| {
        for present in 0..3 {
            let told: [Mutex<Vec<bool>>; 4] = Default::default();
            let job = |k: usize| {
                let told = &told[k];
                OnceJob::new(move |may| {
                    told.lock().unwrap().push(may);
                    may
                })
            };
            let (mut first, mut second, mut third, mut fourth) = (job(0), job(1), job(2), job(3));
            let (mut nothing, mut neither) = (micropool::__private::Nothing, micropool::__private::Nothing);
            let mut here: [&mut dyn NodeJob; 2] = [&mut first, &mut second];
            pool.install(|| {
                let jobs = [&mut nothing as _, &mut neither as _, &mut third as _, &mut fourth as _];
                run_graph::<4, 0>(&PLAN, jobs, &mut here[..present]);
            });
            let expected = |has: bool| if has { vec![true] } else { vec![] };
            let told = told.map(|told| told.into_inner().unwrap());
            let (one, two) = (present > 0, present > 1);
            assert_eq!(told, [expected(one), expected(two), vec![one], vec![two]], "{present} of two");
        }
    });
}
