//! `#[after]`.

use super::*;

#[micropool::job(background)]
fn load(path: &'static str) -> String {
    path.to_uppercase()
}

#[micropool::job(background)]
fn length(#[after] text: String) -> usize {
    text.len()
}

#[micropool::job(background, name = "both")]
fn both(#[after] mut left: Vec<u8>, by: u8, #[after] (a, b): (u8, u8)) -> Vec<u8> {
    left.extend([by, a, b]);
    left
}

#[test]
fn a_job_after_a_task_gets_its_result() {
    within(LIMIT, || {
        assert_eq!(length(load("mesh")).join(), 4);
        let task = both(micropool::spawn(|| vec![1]), 2, micropool::spawn(|| (3, 4)));
        assert_eq!(task.join(), [1, 2, 3, 4]);
    });
}

#[micropool::job(background)]
fn gated(gate: mpsc::Receiver<()>, began: Arc<AtomicBool>) -> u8 {
    began.store(true, Ordering::Release);
    gate.recv().unwrap();
    1
}

#[micropool::job(background)]
fn next(#[after] before: u8, began: Arc<AtomicBool>) -> u8 {
    began.store(true, Ordering::Release);
    before + 1
}

#[test]
fn no_thread_waits_for_what_a_job_comes_after() {
    within(LIMIT, || {
        let pool = ThreadPoolBuilder::new().num_threads(2).background_threads(2).build().unwrap();
        pool.install(|| {
            let (open, gate) = mpsc::channel();
            let (first, second) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
            let mut task = gated(gate, first.clone());
            for _ in 0..20 {
                task = next(task, second.clone());
            }
            assert!(eventually(LIMIT, || first.load(Ordering::Acquire)));
            // One worker is in the first job; the other is free, for none of the twenty holds it.
            let free = micropool::spawn(|| 5);
            assert!(eventually(LIMIT, || free.complete()));
            assert!(!second.load(Ordering::Acquire));
            open.send(()).unwrap();
            assert_eq!(task.join(), 21);
        });
    });
}

#[micropool::job(background)]
fn fails() -> u8 {
    std::panic::panic_any(3_u64)
}

#[test]
fn a_panic_travels_down_the_chain() {
    within(LIMIT, || {
        let began = Arc::<AtomicBool>::default();
        let payload = next(fails(), began.clone()).outcome().unwrap_err();
        assert_eq!(payload.downcast_ref::<u64>(), Some(&3));
        assert!(!began.load(Ordering::Acquire));
    });
}

#[micropool::job(background)]
fn shown(#[after] value: impl Display + Send + 'static) -> String {
    value.to_string()
}

#[micropool::job(background, shared)]
fn pair<A, B>(#[after] a: A, #[after] b: B) -> (A, B)
where
    A: Send + Sync + 'static,
    B: Send + Sync + 'static,
{
    (a, b)
}

#[test]
fn parameters_after_a_task_may_be_generic() {
    within(LIMIT, || {
        assert_eq!(shown(micropool::spawn(|| 12)).join(), "12");
        assert_eq!(*pair(load("x"), micropool::spawn(|| 1)).join(), (String::from("X"), 1));
    });
}

#[micropool::job(background)]
#[allow(clippy::too_many_arguments)]
fn of_eleven(
    #[after] a: u8,
    #[after] b: u8,
    #[after] c: u8,
    #[after] d: u8,
    #[after] e: u8,
    #[after] f: u8,
    #[after] g: u8,
    #[after] h: u8,
    no_task: String,
    #[after] i: u8,
    #[after] (j, k): (u8, u8),
) -> String {
    no_task + &format!("{:?}", [a, b, c, d, e, f, g, h, i, j, k])
}

#[test]
fn a_job_comes_after_as_many_as_it_likes() {
    within(LIMIT, || {
        let n = |n: u8| micropool::spawn(move || n);
        let text = String::from("all ");
        let (nine, pair) = (n(9), micropool::spawn(|| (10, 11)));
        let task = of_eleven(n(1), n(2), n(3), n(4), n(5), n(6), n(7), n(8), text, nine, pair);
        assert_eq!(task.join(), "all [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]");
    });
}
