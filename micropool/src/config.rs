//! How a pool was asked to be: the builder's answers, as the running pool reads them.

use crate::habit::SpinTime;
use crate::panic::Payload;
use crate::priority::BackgroundPriority;
use std::sync::Arc;

pub(crate) type IndexHandler = Arc<dyn Fn(usize) + Send + Sync>;
pub(crate) type PanicHandler = Arc<dyn Fn(Payload) + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) num_threads: usize,
    pub(crate) spin: SpinTime,
    /// How many of the workers may run background work at once; 0 with dedicated threads.
    pub(crate) background_threads: usize,
    pub(crate) dedicated_background_threads: usize,
    pub(crate) background_priority: BackgroundPriority,
    /// More threads than processors: a spinning thread then lets others run now and then.
    pub(crate) crowded: bool,
    /// How many there were when the pool was made.
    pub(crate) processors: usize,
    pub(crate) start_handler: Option<IndexHandler>,
    pub(crate) exit_handler: Option<IndexHandler>,
    pub(crate) panic_handler: Option<PanicHandler>,
}

impl Config {
    /// Whether anybody runs background tasks by itself. If not, `spawn` runs the task before it returns.
    pub(crate) fn has_background(&self) -> bool {
        self.num_threads + self.dedicated_background_threads > 0
    }
}
