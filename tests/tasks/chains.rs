//! Nothing waits, and nothing is nested, however many tasks come after each other.

use super::*;

const LINKS: usize = 10_000;

/// Where the stack is, and how often this thread has blocked so far (where the system tells).
fn stack_and_blocks() -> (usize, u64) {
    let local = 0_u8;
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let blocks = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    (std::ptr::from_ref(&local).addr(), blocks.map_or(0, |text| text.trim().parse().expect("a number")))
}

/// What the links saw, all on one worker.
#[derive(Default)]
struct Seen {
    thread: Option<ThreadId>,
    lowest: usize,
    highest: usize,
    blocks: Vec<u64>,
}

impl Seen {
    fn note(&mut self) {
        let (stack, blocks) = stack_and_blocks();
        assert_eq!(*self.thread.get_or_insert_with(here), here(), "there is one worker, and nobody helps it");
        self.lowest = if self.lowest == 0 { stack } else { self.lowest.min(stack) };
        self.highest = self.highest.max(stack);
        self.blocks.push(blocks);
    }

    fn check(&self) {
        assert!(self.highest - self.lowest < 4096, "the stack grew by {} bytes", self.highest - self.lowest);
        // A thread that waited for each link would have blocked as often.
        let blocked = self.blocks.last().expect("a link") - self.blocks[0];
        assert!(blocked < 10, "the worker blocked {blocked} times");
    }
}

#[test]
fn a_chain_of_10_000_thens() {
    within(LIMIT, || {
        let (pool, gate) = held_pool();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let mut chain = pool.spawn(|| 0);
        for _ in 0..LINKS {
            let seen = seen.clone();
            chain = chain.then(move |n| {
                seen.lock().expect("not poisoned").note();
                n + 1
            });
        }
        // Not one link holds the worker: it goes on with others.
        assert!(!chain.complete());
        gate.open();
        while !chain.complete() {
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(chain.join(), LINKS);
        seen.lock().expect("not poisoned").check();
    });
}

#[test]
fn a_chain_of_10_000_thens_that_is_joined_runs_on_the_joiner() {
    within(LIMIT, || {
        let (pool, gate) = held_pool();
        let head = pool.spawn(|| 0_usize);
        let stack = |_| stack_and_blocks().0;
        let first = head.then(stack);
        let chain =
            (0..LINKS).fold(first.then(|first| (first, 0)), |chain, _| chain.then(move |(first, _)| (first, stack(0))));
        let (first, last) = chain.join();
        assert!(first.abs_diff(last) < 4096, "the stack grew by {} bytes", first.abs_diff(last));
        gate.open();
    });
}

#[micropool::job(background)]
fn number(n: usize, seen: Arc<Mutex<Seen>>) -> usize {
    seen.lock().expect("not poisoned").note();
    n
}

#[micropool::job(background)]
fn doubled(#[after] n: usize, seen: Arc<Mutex<Seen>>) -> usize {
    seen.lock().expect("not poisoned").note();
    2 * n
}

#[micropool::job(background)]
fn sum_of(#[after] a: usize, #[after] b: usize, #[after] c: usize, #[after] d: usize) -> usize {
    a + b + c + d
}

#[test]
fn a_fan_of_10_000_jobs_after_others() {
    within(LIMIT, || {
        let (pool, gate) = held_pool();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let sum = pool.install(|| {
            let mut fan: Vec<Task<usize>> =
                (0..LINKS).map(|n| doubled(number(n, seen.clone()), seen.clone())).collect();
            // Into one, four at a time.
            while fan.len() > 1 {
                let mut rest = fan.into_iter();
                let mut next = Vec::new();
                while let Some(a) = rest.next() {
                    let [b, c, d] = [(); 3].map(|()| rest.next().unwrap_or_else(|| micropool::spawn(|| 0)));
                    next.push(sum_of(a, b, c, d));
                }
                fan = next;
            }
            fan.remove(0)
        });
        gate.open();
        while !sum.complete() {
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(sum.join(), LINKS * (LINKS - 1));
        let seen = seen.lock().expect("not poisoned");
        assert_eq!(seen.blocks.len(), 2 * LINKS);
        seen.check();
    });
}

/// The longest chains, on threads with small stacks: a step that is nested in the one before would soon end the process.
mod long {
    use super::*;

    const LINKS: usize = 100_000;
    const STACK: usize = 256 << 10;
    /// Some seconds, unless all of them and the rest of the machine run at once.
    const LIMIT: Duration = Duration::from_secs(300);

    /// Runs a test on a thread with a small stack, with a pool whose one worker, if it has one, has a small one too.
    fn on_small_stacks(workers: usize, test: impl FnOnce(ThreadPool) + Send + 'static) {
        within(LIMIT, move || {
            let pool = ThreadPoolBuilder::new().num_threads(workers).stack_size(STACK).build().expect("a pool");
            let test = thread::Builder::new().stack_size(STACK).spawn(move || test(pool)).expect("a thread");
            test.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload));
        });
    }

    fn hold(pool: &ThreadPool) -> Gate {
        let gate = Gate::default();
        gate.hold(pool).detach();
        gate
    }

    fn chain<T: Send + 'static>(head: Task<T>) -> Task<T> {
        (0..LINKS).fold(head, |chain, _| chain.then(|value| value))
    }

    #[test]
    fn a_chain_that_is_cancelled() {
        on_small_stacks(1, |pool| {
            let gate = hold(&pool);
            let drops = Arc::new(AtomicUsize::new(0));
            let capture = Counted(drops.clone());
            let frame = micropool::parallel! { in pool; background head => 1, background next after head => capture };
            let chain = chain(frame.next);
            assert!(frame.head.cancel());
            assert!(chain.complete(), "the end of the chain is cancelled with its head");
            assert_eq!(drops.load(Ordering::SeqCst), 1);
            assert!(chain.outcome().is_err());
            gate.open();
        });
    }

    #[test]
    fn a_chain_whose_head_panics() {
        on_small_stacks(1, |pool| {
            let gate = hold(&pool);
            let chain = chain(pool.spawn(|| -> u8 { std::panic::resume_unwind(Box::new(7)) }));
            gate.open();
            // A sanitizer takes long over each of so many panics.
            assert!(eventually(LIMIT * 3 / 4, || chain.complete()), "it is over");
            assert_eq!(chain.outcome().expect_err("it travels").downcast_ref(), Some(&7));
        });
    }

    #[test]
    fn a_chain_that_nobody_has_a_handle_of() {
        on_small_stacks(1, |pool| {
            let gate = hold(&pool);
            let drops = Arc::new(AtomicUsize::new(0));
            let capture = Counted(drops.clone());
            drop(chain(pool.spawn(move || capture)));
            gate.open();
            // The pool is dropped in the middle of it.
            soon("it runs", || gate.arrived() == 1);
            drop(pool);
            assert_eq!(drops.load(Ordering::SeqCst), 1, "the result of the last link");
        });
    }

    #[test]
    fn a_chain_whose_end_is_cancelled_leaves_the_rest() {
        on_small_stacks(1, |pool| {
            let gate = hold(&pool);
            let count = Arc::new(AtomicUsize::new(0));
            let head = pool.spawn(|| ());
            let chain = (0..LINKS).fold(head, |chain, _| {
                let count = count.clone();
                chain.then(move |()| {
                    count.fetch_add(1, Ordering::Relaxed);
                })
            });
            assert!(chain.cancel());
            gate.open();
            pool.wait_idle();
            assert_eq!(count.load(Ordering::Relaxed), LINKS - 1);
        });
    }

    #[test]
    fn a_chain_that_is_joined() {
        on_small_stacks(1, |pool| {
            let gate = hold(&pool);
            assert_eq!(chain(pool.spawn(|| 5)).join(), 5);
            gate.open();
            // The worker takes links too.
            assert_eq!(chain(pool.spawn(|| 6)).join(), 6);
        });
    }

    #[test]
    fn a_chain_without_workers() {
        on_small_stacks(0, |pool| {
            // Each link runs before `then` returns.
            assert_eq!(chain(pool.spawn(|| 5)).join(), 5);
        });
    }

    /// All links run on the thread that ends their head, which is another pool's.
    #[test]
    fn a_chain_without_workers_after_a_task_of_another_pool() {
        on_small_stacks(1, |pool| {
            let (gate, none) = (hold(&pool), super::pool(0));
            let head = pool.spawn_shared(here);
            let next = none.install(|| {
                let input = head.clone();
                micropool::__private::spawn_after("after", (), &[&head], move |()| *input.join())
            });
            let chain = chain(next.then(|head| (head, here())));
            assert!(!chain.complete());
            gate.open();
            soon("it is over", || chain.complete());
            let (head, next) = chain.join();
            assert_eq!(head, next);
            assert_ne!(head, here());
        });
    }

    #[test]
    fn a_chain_that_two_wait_for() {
        on_small_stacks(2, |pool| {
            let end = chain(pool.spawn(|| 5)).share();
            thread::scope(|s| {
                for _ in 0..2 {
                    let end = end.clone();
                    s.spawn(move || assert_eq!(*end.join(), 5));
                }
            });
        });
    }
}

/// Joining the end of a graph of tasks whose ways meet again and again takes a time that grows with the tasks, not with the ways.
#[test]
fn ways_that_meet_again_and_again() {
    within(LIMIT, || {
        let (pool, gate) = held_pool();
        let begun = Gate::default();
        let passes = begun.clone();
        let head = pool.spawn_shared(move || passes.pass());
        let after = |a: &SharedTask<()>, b: &SharedTask<()>| {
            pool.install(|| micropool::__private::spawn_shared_after("after", (), &[a, b], |()| ()))
        };
        let mut two = [after(&head, &head), after(&head, &head)];
        for _ in 0..1000 {
            two = [after(&two[0], &two[1]), after(&two[1], &two[0])];
        }
        // The head runs elsewhere, so that there is nothing to do but to look for something.
        let elsewhere = head.clone();
        let runner = thread::spawn(move || elsewhere.help());
        soon("the head runs", || begun.arrived() == 1);
        let opener = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            begun.open();
        });
        two[0].join();
        runner.join().expect("no panic");
        opener.join().expect("no panic");
        gate.open();
    });
}
