//! The global pool: built with defaults on first use, or by `build_global` before that. Never dropped.

use crate::builder::{BuildError, Cause, ThreadPoolBuilder};
use crate::pool::ThreadPool;
use crate::shared::Shared;
use std::sync::{Arc, Mutex, OnceLock};

static GLOBAL: OnceLock<ThreadPool> = OnceLock::new();
/// Held while somebody builds it with settings, so that two builders don't both start threads.
static BUILDING: Mutex<()> = Mutex::new(());

pub(crate) fn shared() -> &'static Arc<Shared> {
    &GLOBAL.get_or_init(|| ThreadPoolBuilder::new().build_what_can_be_had()).shared
}

pub(crate) fn set(build: impl FnOnce() -> Result<ThreadPool, BuildError>) -> Result<(), BuildError> {
    let _building = BUILDING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if GLOBAL.get().is_some() {
        return Err(BuildError(Cause::GlobalExists));
    }
    // If it is first used meanwhile, that one stays and this one is dropped again.
    GLOBAL.set(build()?).map_err(|_| BuildError(Cause::GlobalExists))
}
