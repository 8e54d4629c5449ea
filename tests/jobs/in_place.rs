//! Jobs that run where they are called.

use super::*;

#[micropool::job]
fn here() -> ThreadId {
    thread::current().id()
}

#[test]
fn a_plain_job_runs_on_its_caller() {
    assert_eq!(here(), thread::current().id());
}

#[micropool::job]
fn nothing() {}

#[micropool::job()]
fn unit(into: &Cell<u8>) -> () {
    into.set(7);
}

#[test]
fn a_job_needs_no_result() {
    nothing();
    let cell = Cell::new(0);
    unit(&cell);
    assert_eq!(cell.get(), 7);
}

#[micropool::job]
fn first<'a>(words: &'a [String], _by: &str) -> &'a str {
    &words[0]
}

#[micropool::job]
fn last(words: &mut [String]) -> &mut String {
    words.last_mut().unwrap()
}

#[micropool::job]
fn borrowing_iterator(words: &[String]) -> impl Iterator<Item = &str> + '_ {
    words.iter().map(|word| word.as_str())
}

#[test]
fn a_plain_job_may_borrow_and_give_borrowed_results() {
    let mut words = vec![String::from("a"), String::from("b")];
    last(&mut words).push('!');
    assert_eq!(first(&words, "x"), "a");
    assert_eq!(borrowing_iterator(&words).collect::<Vec<_>>(), ["a", "b!"]);
}

#[micropool::job]
fn sum(text: &str) -> Result<i32, Box<dyn std::error::Error + Send + Sync>> {
    let mut sum = 0;
    for word in text.split(' ') {
        if word == "stop" {
            return Ok(sum);
        }
        sum += word.parse::<i32>()?;
    }
    if sum < 0 {
        return Err("negative".into());
    }
    Ok(sum)
}

#[test]
fn return_and_question_mark_concern_the_job() {
    assert_eq!(sum("1 2 3").unwrap(), 6);
    assert_eq!(sum("1 2 stop x").unwrap(), 3);
    assert_eq!(sum("1 x").unwrap_err().to_string(), "invalid digit found in string");
    assert_eq!(sum("-1").unwrap_err().to_string(), "negative");
}

#[micropool::job]
fn boxed(short: bool) -> Box<dyn Fn(&str) -> usize> {
    if short { Box::new(|_| 0) } else { Box::new(|text| text.len()) }
}

#[micropool::job]
fn shown(number: Option<u8>) -> Result<impl Display, ParseIntError> {
    let number = match number {
        Some(number) => number,
        None => "x".parse::<u8>()?,
    };
    Ok(number)
}

#[micropool::job]
fn numbers(n: u8) -> impl Iterator<Item = u8> + Clone {
    0..n
}

#[micropool::job]
fn lengths() -> impl Fn(&str) -> usize {
    |text: &str| text.len()
}

#[micropool::job]
fn pusher(into: &mut Vec<u8>, by: u8) -> impl FnMut(u8) {
    move |n| into.push(n + by)
}

#[test]
fn results_may_be_closures_over_parameters() {
    let mut numbers = Vec::new();
    let mut push = pusher(&mut numbers, 1);
    push(1);
    push(2);
    drop(push);
    assert_eq!(numbers, [2, 3]);
}

#[test]
fn results_are_coerced_or_hidden_as_in_any_function() {
    assert_eq!(boxed(false)("abc") + boxed(true)("abc"), 3);
    assert_eq!(shown(Some(3)).unwrap_or_else(|_| unreachable!()).to_string(), "3");
    assert!(shown(None).is_err());
    assert_eq!(numbers(3).sum::<u8>(), 3);
    assert_eq!(lengths()("four"), 4);
}

#[micropool::job]
fn never() -> ! {
    std::panic::panic_any("never")
}

#[test]
fn a_plain_job_may_never_return() {
    let payload = catch_unwind(|| never()).unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"never"));
}

#[micropool::job]
fn fib(n: u32) -> u64 {
    if n < 2 {
        return n.into();
    }
    let (a, b) = micropool::join(|| fib(n - 1), || fib(n - 2));
    a + b
}

#[test]
fn recursion_works() {
    assert_eq!(fib(15), 610);
}

#[micropool::job]
fn patterns((a, b): (u8, u8), [c, ..]: [u8; 3], mut d: u8, _: u8) -> u8 {
    d += a + b + c;
    d
}

#[test]
fn parameters_may_be_patterns() {
    assert_eq!(patterns((1, 2), [3, 4, 5], 6, 7), 12);
}

#[micropool::job]
fn not_send(counter: Rc<Cell<u8>>) -> Rc<Cell<u8>> {
    counter.set(counter.get() + 1);
    counter
}

#[test]
fn a_plain_job_needs_nothing_to_be_send() {
    assert_eq!(not_send(Rc::default()).get(), 1);
}

#[micropool::job]
fn keeps(_a: Tells, b: Tells, _: Tells) {
    b.1.lock().unwrap().push('|');
}

#[test]
fn parameters_are_dropped_after_the_body_in_reverse() {
    let log = Arc::new(Mutex::new(String::new()));
    let tells = |name| Tells(name, log.clone());
    keeps(tells("a"), tells("b"), tells("c"));
    assert_eq!(*log.lock().unwrap(), "|cba");
}
