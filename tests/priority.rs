//! The priority of dedicated background threads, as Linux tells it, and what a low one forbids.

#![cfg(target_os = "linux")]

use micropool::{BackgroundPriority, ThreadPool, ThreadPoolBuilder};
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::{Gate, ended, in_child, role, soon, within};

const LIMIT: Duration = Duration::from_secs(60);

fn dedicated(priority: Option<BackgroundPriority>) -> ThreadPool {
    let builder = ThreadPoolBuilder::new().num_threads(2).dedicated_background_threads(2);
    match priority {
        Some(priority) => builder.background_priority(priority),
        None => builder,
    }
    .build()
    .expect("a pool")
}

/// How the calling thread is scheduled: the policy (0 is the usual one, 5 that of idle threads), and the niceness.
fn scheduling() -> (u32, i32) {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").expect("Linux has it");
    // The name stands in parentheses and may have blanks; after it come the third field and those that follow.
    let fields: Vec<&str> = stat.rsplit_once(')').expect("a name").1.split_whitespace().collect();
    (fields[41 - 3].parse().expect("a policy"), fields[19 - 3].parse().expect("a niceness"))
}

/// Of a dedicated thread.
fn in_the_background(pool: &ThreadPool) -> (u32, i32) {
    let task = pool.spawn(scheduling);
    soon("it is over", || task.complete());
    task.join()
}

#[test]
fn dedicated_threads_have_the_priority_that_was_asked_for_and_nobody_else_has() {
    within(LIMIT, || {
        let normal = scheduling();
        assert!(normal.0 == 0 && normal.1 < 19, "run the tests at a normal priority");
        for (asked, policy, niceness) in [
            (None, 5, None),
            (Some(BackgroundPriority::Idle), 5, None),
            (Some(BackgroundPriority::Nice), 0, Some(19)),
            (Some(BackgroundPriority::Normal), 0, Some(normal.1)),
        ] {
            let pool = dedicated(asked);
            let found = in_the_background(&pool);
            // The policy for idle threads asks for no niceness.
            assert_eq!((found.0, niceness.map(|_| found.1)), (policy, niceness), "{asked:?}");
            let workers = Mutex::new(Vec::new());
            pool.install(|| micropool::broadcast(|_| workers.lock().expect("not poisoned").push(scheduling())));
            assert_eq!(workers.into_inner().expect("not poisoned"), [normal, normal]);
            assert_eq!(scheduling(), normal);
        }
    });
}

/// From now on the system refuses these calls to this thread and to those that it makes.
fn refuse(calls: &[libc::c_long]) {
    let instruction = |code: u32, jump: u8, k: u32| libc::sock_filter { code: code as u16, jt: jump, jf: 0, k };
    let mut filter = vec![instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0)];
    for (k, call) in calls.iter().enumerate() {
        // To the last instruction, which refuses, over the other comparisons and the one that allows.
        let jump = (calls.len() - k) as u8;
        filter.push(instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, jump, *call as u32));
    }
    filter.push(instruction(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ALLOW));
    filter.push(instruction(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32));
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: no pointers.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
    // SAFETY: the program and its instructions are there for the call, which copies them.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) }, 0);
}

/// Pools of both low priorities, in a process where the system refuses these calls; what it said, and what came of it.
fn with_refusals(test: &str, calls: &[libc::c_long], policy: u32) -> Option<String> {
    if role().is_some() {
        refuse(calls);
        for priority in [BackgroundPriority::Idle, BackgroundPriority::Nice, BackgroundPriority::Idle] {
            let pool = dedicated(Some(priority));
            if priority == BackgroundPriority::Idle {
                assert_eq!(in_the_background(&pool).0, policy);
            } else {
                assert_eq!(in_the_background(&pool).0, 0);
            }
            // The tasks are run all the same.
            let task = pool.spawn(|| micropool::join(|| 1, || 2));
            soon("it is over", || task.complete());
            assert_eq!(task.join(), (1, 2));
        }
        return None;
    }
    let child = in_child(test, "refused").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a child");
    let output = ended(child, LIMIT);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    Some(said)
}

#[test]
fn a_priority_that_is_refused_is_said_once_and_tasks_run() {
    let calls = [libc::SYS_sched_setscheduler, libc::SYS_setpriority];
    let Some(said) = with_refusals("a_priority_that_is_refused_is_said_once_and_tasks_run", &calls, 0) else { return };
    assert_eq!(said.matches("micropool: ").count(), 1, "{said}");
    assert!(said.contains("refused dedicated background threads a low priority"), "{said}");
    assert!(said.contains("they run at the normal one"), "{said}");
}

/// As where a process that was started at a low priority may not raise it again.
#[test]
fn the_idle_policy_needs_no_leave_to_change_the_niceness() {
    let calls = [libc::SYS_setpriority];
    let Some(said) = with_refusals("the_idle_policy_needs_no_leave_to_change_the_niceness", &calls, 5) else { return };
    // Only the other one was refused.
    assert_eq!(said.matches("micropool: ").count(), 1, "{said}");
}

/// A task on a dedicated thread yields while a half of the foreground's is waiting for a thread; whether it ran it.
fn yields(priority: BackgroundPriority) -> bool {
    let pool =
        ThreadPoolBuilder::new().num_threads(0).dedicated_background_threads(1).background_priority(priority).build();
    let (pool, gate) = (pool.expect("a pool"), Gate::default());
    let passes = gate.clone();
    let task = pool.spawn(move || {
        passes.pass();
        micropool::yield_to_foreground()
    });
    soon("it runs", || gate.arrived() == 1);
    let there = AtomicBool::new(false);
    let first = || {
        gate.open();
        soon("the task has yielded", || task.complete());
        there.load(Ordering::SeqCst)
    };
    let (taken, ()) = pool.join(first, || there.store(true, Ordering::SeqCst));
    assert_eq!(task.join(), taken);
    taken
}

#[test]
fn a_thread_of_low_priority_does_not_yield() {
    within(LIMIT, || {
        assert!(!yields(BackgroundPriority::Idle));
        assert!(!yields(BackgroundPriority::Nice));
        assert!(yields(BackgroundPriority::Normal));
    });
}
