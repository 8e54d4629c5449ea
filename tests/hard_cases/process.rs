//! The process: 25 to 27.

use crate::{LIMIT, alone, pool, watched};
use micropool::ThreadPoolBuilder;
use std::cell::RefCell;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;
use support::{ended, in_child};

/// Signals to this process, as fast as one thread sends them, while it lives: every sleep of any thread may end early.
#[cfg(unix)]
pub struct Storm(Arc<AtomicBool>, Option<thread::JoinHandle<usize>>);

/// The `n`th signal to everybody. To each thread by itself: of one to the whole process only its first thread would ever hear, which
/// takes it if it can.
#[cfg(target_os = "linux")]
fn signal(n: usize, threads: &mut Vec<i32>) {
    // To look who is there takes longer than the signals.
    if n.is_multiple_of(32) {
        let names =
            std::fs::read_dir("/proc/self/task").expect("our own threads").flatten().map(|entry| entry.file_name());
        threads.clear();
        threads.extend(names.filter_map(|name| name.to_str()?.parse::<i32>().ok()));
    }
    for thread in threads {
        // SAFETY: no pointers, and a handler is there. A thread that has ended meanwhile is an error that nobody needs.
        unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), *thread, libc::SIGUSR1) };
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn signal(_: usize, _: &mut Vec<i32>) {
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::USR1).expect("a signal");
}

#[cfg(unix)]
impl Storm {
    pub fn begin() -> Self {
        Self::with_a_pause_of(Duration::from_micros(50))
    }

    /// With so much time between two signals to the same thread.
    pub fn with_a_pause_of(pause: Duration) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(signal_hook::consts::SIGUSR1, Arc::default()).expect("a handler");
        let end = over.clone();
        let thread = thread::spawn(move || {
            let (mut sent, mut threads) = (0, Vec::new());
            while !end.load(Ordering::Relaxed) {
                signal(sent, &mut threads);
                sent += 1;
                thread::sleep(pause);
            }
            sent
        });
        Self(over, Some(thread))
    }
}

#[cfg(unix)]
impl Drop for Storm {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
        if let Some(thread) = self.1.take() {
            assert!(thread.join().expect("it sends") > 0);
        }
    }
}

/// All other threads of this process sleep, and did so five milliseconds ago.
#[cfg(target_os = "linux")]
fn others_sleep() -> bool {
    let sleeping = || {
        let tasks = procfs::process::Process::myself().and_then(|process| process.tasks()).expect("our own threads");
        let stats = tasks.filter_map(|task| task.and_then(|task| task.stat()).ok());
        stats.filter(|stat| stat.state != 'S').count() == 1
    };
    sleeping() && {
        thread::sleep(Duration::from_millis(5));
        sleeping()
    }
}

#[cfg(target_os = "linux")]
#[test]
fn case_25_the_child_of_a_fork_finishes_alone() {
    const NAME: &str = "process::case_25_the_child_of_a_fork_finishes_alone";
    /// What a child does with the pools of its parent, whose threads it has not.
    fn alone(pool: &micropool::ThreadPool) -> bool {
        fn fib(n: u64) -> u64 {
            if n < 2 {
                return n;
            }
            let (a, b) = micropool::join(|| fib(n - 1), || fib(n - 2));
            a + b
        }
        let sum = pool.split_per(3).reduce_ranges(100, |range| range.sum::<usize>(), |a, b| a + b);
        let item = pool.scope(|s| s.spawn(|| 5).join());
        let graph = pool.install(|| micropool::parallel! { use; a => 1, b(a) => a + 1, c(a, b) => a + b }.c);
        let task = pool.spawn(|| 7).join();
        (pool.install(|| fib(15)), fib(10), sum, item, graph, task) == (610, 55, Some(4950), 5, 3, 7)
    }
    /// What else there is to a pool, and its end. None of its tasks was being run when the process forked.
    fn to_the_end(pool: micropool::ThreadPool) -> bool {
        let count = Arc::new(AtomicUsize::new(0));
        let spawn = || {
            let counted = count.clone();
            pool.spawn(move || counted.fetch_add(1, Ordering::SeqCst))
        };
        pool.install(|| micropool::broadcast(|_| _ = count.fetch_add(1000, Ordering::SeqCst)));
        spawn().then(|_| ()).detach();
        pool.wait_idle();
        let waited = count.load(Ordering::SeqCst);
        let helped = pool.install(|| {
            spawn().detach();
            micropool::help_background(Duration::from_secs(1))
        });
        let kept = spawn();
        drop(pool);
        (waited, helped, count.load(Ordering::SeqCst), kept.complete()) == (1, 1, 3, true)
    }
    if support::role().is_none() {
        // In a process of its own: a fork copies what the other tests hold at that moment.
        return watched(|| {
            let child = in_child(NAME, "parent").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            let output = ended(child, LIMIT - Duration::from_secs(1));
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        });
    }
    let pool = pool(3);
    let rounds =
        std::env::var("MICROPOOL_FORKS").map_or(40, |count| count.parse().expect("MICROPOOL_FORKS is a number"));
    for round in 0..rounds {
        assert!(alone(&pool));
        // A task that a worker has yet to count as ended would never be.
        pool.wait_idle();
        // While they sleep, and while they still look for work or lie down.
        if round % 4 == 0 {
            assert!(support::eventually(LIMIT / 2, others_sleep), "the workers fall asleep");
        }
        // SAFETY: the child runs what is on trial here and then leaves by `_exit`. A worker between two jobs holds no lock.
        let child = unsafe { libc::fork() };
        assert!(child >= 0);
        if child == 0 {
            let right = alone(&pool) && to_the_end(pool);
            // SAFETY: ends the process, running nothing of the parent's.
            unsafe { libc::_exit(if right { 0 } else { 1 }) };
        }
        let mut status = 0;
        let over = support::eventually(Duration::from_secs(4), || {
            // SAFETY: a child of ours, and a place for its status.
            unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) == child }
        });
        if !over {
            // SAFETY: a child of ours that hangs.
            unsafe { libc::kill(child, libc::SIGKILL) };
        }
        assert!(over, "the child of round {round} hangs");
        assert_eq!(status, 0, "the child of round {round}");
        assert!(alone(&pool), "the parent goes on");
    }
}

/// Uses the pool in its `drop`.
struct Late(mpsc::Sender<u32>);

impl Drop for Late {
    fn drop(&mut self) {
        let (a, b) = micropool::join(|| 1, || 2);
        let loops = micropool::split_per(2).reduce_ranges(10, |range| range.len() as u32, |a, b| a + b);
        let item = micropool::scope(|s| s.spawn(|| 4).join());
        let task = micropool::spawn(|| 5).join();
        let graph = micropool::parallel! { one => 1, six(one) => one + 5 }.six;
        let own = ThreadPoolBuilder::new().num_threads(1).build().expect("a pool in a destructor");
        let seven = own.join(|| 3, || 4);
        let _ = self.0.send(a + b + loops.unwrap() + item + task + graph + seven.0 + seven.1);
    }
}

thread_local! {
    static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
}

#[test]
fn case_26_use_from_thread_local_destructors() {
    watched(|| {
        // Destructors run in one order or the other: ours first, or the pool's. Pools that stay, and pools that are gone by then.
        for late_first in [true, false] {
            for lives in [true, false] {
                let (sender, receiver) = mpsc::channel();
                let kept = pool(1);
                thread::scope(|s| {
                    s.spawn(|| {
                        let set = || LATE.with(|late| *late.borrow_mut() = Some(Late(sender)));
                        let gone = pool(1);
                        let using = || {
                            micropool::join(|| (), || ());
                            if lives {
                                kept.join(|| (), || ())
                            } else {
                                gone.join(|| (), || ())
                            };
                        };
                        if late_first {
                            set();
                            using();
                        } else {
                            using();
                            set();
                        }
                    });
                });
                assert_eq!(receiver.recv_timeout(LIMIT / 2), Ok(3 + 10 + 4 + 5 + 6 + 7));
            }
        }
    });
}

#[test]
fn case_26_exit_with_busy_workers() {
    const NAME: &str = "process::case_26_exit_with_busy_workers";
    if support::role().is_some() {
        let (sender, receiver) = mpsc::channel();
        let keep = pool(3);
        for n in 0..100 {
            let sender = sender.clone();
            let endless = move || {
                let _ = sender.send(());
                loop {
                    micropool::join(|| std::hint::black_box(n), || std::hint::black_box(n));
                }
            };
            if n % 2 == 0 { micropool::spawn(endless).detach() } else { keep.spawn(endless).detach() }
        }
        receiver.recv().unwrap();
        receiver.recv().unwrap();
        // Thread-local values of this thread are not dropped by it, those of the C library's `atexit` are run.
        std::process::exit(26);
    }
    watched(|| {
        for _ in 0..5 {
            let child = in_child(NAME, "exits").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            let output = ended(child, LIMIT / 3);
            assert_eq!(output.status.code(), Some(26), "{}", String::from_utf8_lossy(&output.stderr));
        }
    });
}

#[cfg(unix)]
#[test]
fn case_27_signals() {
    alone("process::case_27_signals", || {
        let _storm = Storm::begin();
        let pool = ThreadPoolBuilder::new().num_threads(3).spin_before_sleep(Duration::ZERO).build().unwrap();
        let began = std::time::Instant::now();
        while began.elapsed() < Duration::from_secs(2) {
            let sum = pool.split_per_item().reduce_ranges(64, |range| range.sum::<usize>(), |a, b| a + b);
            assert_eq!(sum, Some(2016));
            let slow = |n: u64| {
                thread::sleep(Duration::from_micros(n));
                n
            };
            assert_eq!(pool.join(|| slow(100), || slow(300)), (100, 300));
            assert_eq!(pool.spawn(move || slow(50)).then(|n| n + 1).join(), 51);
            pool.wait_idle();
            drop(self::pool(2));
        }
    });
}

// By each thread's own time, to leave out the storm's.
#[cfg(unix)]
#[test]
fn case_27_sleeps_that_signals_end_are_slept_on() {
    use rustix::time::{ClockId, clock_gettime};
    fn used() -> Duration {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
    }
    alone("process::case_27_sleeps_that_signals_end_are_slept_on", || {
        const WORKERS: usize = 3;
        // One that is busy is seen, though it has but a share of the processors.
        let (whole, most) = (Duration::from_secs(1), Duration::from_millis(60));
        let pool = ThreadPoolBuilder::new().num_threads(WORKERS).spin_before_sleep(Duration::ZERO).build().unwrap();
        let everybody = || {
            let times = Mutex::new([Duration::ZERO; WORKERS]);
            pool.install(|| micropool::broadcast(|k| times.lock().unwrap()[k] = used()));
            times.into_inner().unwrap()
        };
        let (signals, before) = (Arc::new(AtomicUsize::new(0)), everybody());
        let counted = signals.clone();
        // SAFETY: the handler adds to a number.
        unsafe { signal_hook::low_level::register(libc::SIGUSR1, move || _ = counted.fetch_add(1, Ordering::Relaxed)) }
            .expect("a handler");
        let storm = Storm::with_a_pause_of(Duration::from_millis(1));
        // This thread sleeps for the half that a worker has, and the two other workers for anything.
        let begun = AtomicBool::new(false);
        let (since, ()) = pool.join(
            || {
                assert!(support::eventually(LIMIT / 2, || begun.load(Ordering::Acquire)));
                used()
            },
            || {
                begun.store(true, Ordering::Release);
                thread::sleep(whole);
            },
        );
        let own = used() - since;
        drop(storm);
        let spent = everybody().iter().zip(before).map(|(after, before)| *after - before).max();
        assert!(signals.load(Ordering::Relaxed) > 100, "the sleeps are ended");
        assert!(own < most, "{own:?} of processor time to wait for {whole:?}");
        assert!(spent < Some(most), "{spent:?} of processor time to sleep for {whole:?}");
    });
}
