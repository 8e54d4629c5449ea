//! Jobs that are spawned.

use super::*;

#[micropool::job(background)]
fn add(a: u32, b: u32) -> u32 {
    a + b
}

#[micropool::job(background)]
fn opens(gate: mpsc::Receiver<()>) {
    gate.recv().unwrap();
}

#[test]
fn a_background_job_gives_a_task_at_once() {
    within(LIMIT, || {
        let task: Task<u32> = add(1, 2);
        assert_eq!(task.join(), 3);
        let (open, gate) = mpsc::channel();
        let task: Task<()> = opens(gate);
        assert!(!task.complete());
        open.send(()).unwrap();
        task.join();
    });
}

#[micropool::job(background, shared)]
fn table(n: usize) -> Vec<usize> {
    (0..n).collect()
}

#[test]
fn a_shared_job_gives_a_shared_task() {
    within(LIMIT, || {
        let task: SharedTask<Vec<usize>> = table(3);
        assert_eq!(task.clone().join(), task.join());
        assert_eq!(*task.join(), [0, 1, 2]);
    });
}

#[micropool::job(background)]
fn parse(text: String) -> Result<i32, ParseIntError> {
    if text.is_empty() {
        return Ok(0);
    }
    let number: i32 = text.parse()?;
    Ok(number + 1)
}

#[test]
fn return_and_question_mark_concern_the_background_job() {
    within(LIMIT, || {
        assert_eq!(parse(String::new()).join(), Ok(0));
        assert_eq!(parse("4".into()).join(), Ok(5));
        assert!(parse("x".into()).join().is_err());
    });
}

#[micropool::job(background)]
fn panics(message: &'static str) -> u8 {
    panic!("{message}")
}

#[test]
fn a_panic_reaches_whoever_joins() {
    within(LIMIT, || {
        let payload = panics("oh").outcome().unwrap_err();
        assert_eq!(payload.downcast_ref::<String>().unwrap(), "oh");
    });
}

#[micropool::job(background)]
fn evens(below: u32) -> impl Iterator<Item = u32> + Send {
    (0..below).filter(|n| n % 2 == 0)
}

#[micropool::job(background)]
fn boxed(by: usize) -> Box<dyn Fn(usize) -> usize + Send> {
    Box::new(move |n| n * by)
}

#[test]
fn results_of_background_jobs_are_coerced_or_hidden() {
    within(LIMIT, || {
        assert_eq!(evens(7).join().sum::<u32>(), 12);
        assert_eq!(boxed(3).join()(4), 12);
    });
}

struct Pair {
    left: u8,
    right: u8,
}

#[micropool::job(background)]
fn patterns((mut a, b): (u8, u8), Pair { left, .. }: Pair, mut c: Vec<u8>, ref d: u8, _: u8) -> Vec<u8> {
    a += 1;
    c.extend([a, b, left, *d]);
    c
}

#[test]
fn parameters_of_background_jobs_may_be_patterns() {
    within(LIMIT, || {
        let pair = Pair { left: 3, right: 0 };
        let _ = pair.right;
        assert_eq!(patterns((1, 2), pair, vec![0], 4, 5).join(), [0, 2, 2, 3, 4]);
    });
}

#[micropool::job(background)]
fn keeps(_a: Tells, b: Tells, _: Tells, (c, _): (Tells, Tells)) {
    c.1.lock().unwrap().push('|');
    let _ = b;
}

#[test]
fn unused_parameters_live_as_long_as_the_body() {
    within(LIMIT, || {
        let log = Arc::new(Mutex::new(String::new()));
        let tells = |name| Tells(name, log.clone());
        keeps(tells("a"), tells("b"), tells("_"), (tells("c"), tells("d"))).join();
        assert_eq!(*log.lock().unwrap(), "|cd_ba");
    });
}

#[micropool::job(background)]
fn halves(numbers: Vec<u64>) -> u64 {
    if numbers.len() < 3 {
        return numbers.iter().sum();
    }
    let (left, right) = numbers.split_at(numbers.len() / 2);
    let (left, right) = (halves(left.to_vec()), halves(right.to_vec()));
    left.join() + right.join()
}

#[test]
fn background_jobs_may_call_themselves() {
    within(LIMIT, || assert_eq!(halves((0..100).collect()).join(), 4950));
}

#[micropool::job(background)]
fn by_function(f: fn(&str) -> usize, g: impl Fn(&[u8]) -> &u8 + Send + 'static, text: &'static str) -> usize {
    f(text) + usize::from(*g(text.as_bytes()))
}

#[test]
fn lifetimes_bound_by_function_types_and_static_ones_are_fine() {
    within(LIMIT, || assert_eq!(by_function(str::len, |bytes| &bytes[0], "abc").join(), 3 + 97));
}
