//! The low priority of dedicated background threads. How each system sets one is the `thread-priority` crate's business.

use std::fmt;
use std::sync::Once;

/// Puts the calling thread behind all others of normal priority. A refusal is no failure: the thread stays as it is, and the
/// process says so, once.
pub(crate) fn lower_own() {
    if let Err(cause) = system::lower_own() {
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
    use thread_priority::{ThreadPriority, set_current_thread_priority};

    pub(super) fn lower_own() -> Result<(), String> {
        set_current_thread_priority(ThreadPriority::Min).map_err(|error| format!("{error:?}"))
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
    pub(super) fn lower_own() -> Result<(), &'static str> {
        Err("there is no way to ask for one")
    }
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
