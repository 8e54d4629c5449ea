//! The priority of dedicated background threads. How each system sets one is the `thread-priority` crate's business.

use std::fmt;
use std::sync::Once;

/// The priority of dedicated background threads: see
/// [`background_priority`](crate::ThreadPoolBuilder::background_priority).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum BackgroundPriority {
    /// They run when no other thread wants the processor, and stop at once when one does: a frame hardly feels them. (Linux: the policy
    /// `SCHED_IDLE`. Windows: `THREAD_PRIORITY_IDLE`. Elsewhere the same as [`Nice`](Self::Nice).)
    #[default]
    Idle,
    /// The least share of the processors that a normal thread can have; they may finish what they are at for some milliseconds
    /// before a frame's thread gets the processor. (Linux: nice 19. Windows: `THREAD_PRIORITY_LOWEST`.)
    Nice,
    /// That of all other threads.
    Normal,
}

/// Gives the calling thread that priority. A refusal is no failure: the thread stays as it is, and the process says so, once.
pub(crate) fn set_own(priority: BackgroundPriority) {
    let set = match priority {
        BackgroundPriority::Idle => system::become_idle(),
        BackgroundPriority::Nice => system::become_nice(),
        BackgroundPriority::Normal => Ok(()),
    };
    if let Err(cause) = set {
        report(&cause, |line| eprintln!("{line}"));
    }
}

/// One line for the whole process, however many threads and pools were refused.
fn report(cause: &dyn fmt::Display, say: impl FnOnce(&str)) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        say(&format!(
            "micropool: the system refused dedicated background threads a low priority ({cause}); they run at the normal one"
        ));
    });
}

#[cfg(any(
    windows,
    target_os = "linux",
    target_os = "android",
    target_os = "macos",
    target_os = "ios",
    target_os = "freebsd",
    target_os = "openbsd",
    target_os = "netbsd"
))]
mod system {
    use thread_priority::{Error, ThreadPriority, set_current_thread_priority};

    pub(super) fn become_nice() -> Result<(), String> {
        set_current_thread_priority(ThreadPriority::Min).map_err(|error| text(&error))
    }

    fn text(error: &Error) -> String {
        match error {
            Error::OS(code) => std::io::Error::from_raw_os_error(*code).to_string(),
            other => format!("{other:?}"),
        }
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(super) fn become_idle() -> Result<(), String> {
        use thread_priority::NormalThreadSchedulePolicy::Idle;
        use thread_priority::ThreadSchedulePolicy::Normal;
        use thread_priority::{set_thread_priority_and_policy, thread_native_id, thread_schedule_policy};

        let set = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, Normal(Idle));
        match set {
            // It sets the niceness too, back to 0, which a process that was started with a higher one may not do. The policy is set
            // before that, and doesn't ask for the niceness.
            Err(_) if matches!(thread_schedule_policy(), Ok(Normal(Idle))) => Ok(()),
            set => set.map_err(|error| text(&error)),
        }
    }

    #[cfg(windows)]
    pub(super) fn become_idle() -> Result<(), String> {
        use thread_priority::{WinAPIThreadPriority, set_winapi_thread_priority, thread_native_id};

        set_winapi_thread_priority(thread_native_id(), WinAPIThreadPriority::Idle).map_err(|error| text(&error))
    }

    #[cfg(not(any(windows, target_os = "linux", target_os = "android")))]
    pub(super) fn become_idle() -> Result<(), String> {
        become_nice()
    }
}

#[cfg(not(any(
    windows,
    target_os = "linux",
    target_os = "android",
    target_os = "macos",
    target_os = "ios",
    target_os = "freebsd",
    target_os = "openbsd",
    target_os = "netbsd"
)))]
mod system {
    pub(super) fn become_nice() -> Result<(), &'static str> {
        Err("there is no way to ask for one")
    }
    pub(super) use become_nice as become_idle;
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_said_once() {
        let mut said = Vec::new();
        for _ in 0..3 {
            report(&"no permission", |line| said.push(line.to_owned()));
        }
        let [line] = &said[..] else { panic!("{said:?}") };
        assert!(line.contains("(no permission)") && line.contains("run at the normal one"), "{line}");
    }
}
