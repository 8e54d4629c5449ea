//! Spans and events for timelines, through the `tracing` crate. Without the feature all of it is empty and costs nothing.
//!
//! | span   | around                     | fields                            | parent                        |
//! |--------|----------------------------|-----------------------------------|-------------------------------|
//! | `job`  | a `#[job]` function's body | `name`, `worker`                  | what runs around it           |
//! | `node` | a node of a graph          | `name`, `worker`                  | what ran around the graph     |
//! | `task` | a background task          | `name`, `worker`                  | what was running at its spawn |
//!
//! A task's name is that of its node or job, else that of its closure's type, which says where it was written.
//!
//! Events of the level `TRACE`: `sleep` and `wake`, on the thread that does.

#[cfg(feature = "tracing")]
mod on {
    use crate::pool::current_thread_index;
    use tracing::Span;

    /// Something named that runs on this thread until this is dropped.
    #[derive(Debug)]
    pub struct Entered(
        #[allow(dead_code, reason = "it leaves the span when it is dropped")] tracing::span::EnteredSpan,
    );

    /// Enters a job.
    #[must_use]
    pub fn enter(name: &'static str) -> Entered {
        Entered(tracing::trace_span!("job", name, worker = current_thread_index()).entered())
    }

    /// What runs where work is made, to be the parent of the work wherever it runs.
    #[derive(Debug, Clone)]
    pub(crate) struct Parent(Span);

    impl Parent {
        pub(crate) fn here() -> Self {
            Self(Span::current())
        }

        /// That one of these begins.
        pub(crate) fn node(&self, names: &[&'static str], node: u32) -> Entered {
            let name = names[node as usize];
            Entered(tracing::trace_span!(parent: &self.0, "node", name, worker = current_thread_index()).entered())
        }
    }

    /// A task that is being made: its name, and what runs where it is made.
    pub(crate) struct Spawned(&'static str, Span);

    impl Spawned {
        pub(crate) fn here(name: &'static str) -> Self {
            Self(name, Span::current())
        }

        pub(crate) fn enter(&self) -> Entered {
            let Self(name, parent) = self;
            Entered(tracing::trace_span!(parent: parent, "task", name, worker = current_thread_index()).entered())
        }
    }

    pub(crate) fn sleep() {
        tracing::trace!(worker = current_thread_index(), "sleep");
    }

    pub(crate) fn wake() {
        tracing::trace!(worker = current_thread_index(), "wake");
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    /// Something named that runs on this thread until this is dropped.
    #[derive(Debug)]
    pub struct Entered;

    impl Drop for Entered {
        // Without it a `let` of the expansion would be one of a unit struct, which lints have an opinion on.
        #[inline]
        fn drop(&mut self) {}
    }

    /// Enters a job.
    #[must_use]
    #[inline]
    pub fn enter(_name: &'static str) -> Entered {
        Entered
    }

    #[derive(Debug, Clone)]
    pub(crate) struct Parent;

    impl Parent {
        #[inline]
        pub(crate) const fn here() -> Self {
            Self
        }

        #[inline]
        pub(crate) fn node(&self, _names: &[&'static str], _node: u32) -> Entered {
            Entered
        }
    }

    pub(crate) struct Spawned;

    impl Spawned {
        #[inline]
        pub(crate) const fn here(_name: &'static str) -> Self {
            Self
        }

        #[inline]
        pub(crate) fn enter(&self) -> Entered {
            Entered
        }
    }

    #[inline]
    pub(crate) fn sleep() {}

    #[inline]
    pub(crate) fn wake() {}
}

#[cfg(not(feature = "tracing"))]
pub use off::*;
#[cfg(feature = "tracing")]
pub use on::*;
