//! Three ways to run the same frame. The nodes are the same functions; how they are ordered, and what their inner loops
//! run on, is what the three files beside this one show.
//!
//! ```text
//! input ─┬─ ai ────────┬─ physics ─┬─ audio
//!        └─ animation ─┘           ├─ culling ──┬─ rendering
//!                                  ├─ shadows ──┘
//!                                  └─ snapshot ── autosave (background)
//! ```

mod on_micropool;
mod on_one_thread;
mod on_rayon;

pub use on_micropool::OnMicropool;
pub use on_one_thread::OnOneThread;
pub use on_rayon::OnRayon;

use crate::game::Game;
use std::path::Path;

/// Something that a game can be run on.
pub trait Executor {
    fn name(&self) -> &'static str;

    /// Computes a frame. If there is a path, what the game is like after it is saved there, perhaps later.
    fn frame(&mut self, game: &mut Game, frame: usize, save_to: Option<&Path>);

    /// Waits for the saves that are still going on; whether all went well.
    fn finish_saves(&mut self) -> Result<(), String>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::{Outcome, load_sounds};
    use crate::scene::Scene;
    use std::sync::Arc;

    /// Few frames, for tests are not optimised; the first blast is a second away, so the game begins there.
    fn outcome(mut executor: impl Executor) -> Outcome {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/assets/arena.ron");
        let scene = Arc::new(Scene::read(&path).unwrap_or_else(|error| panic!("{error}")));
        let sounds = Arc::new(load_sounds(&scene, &path).unwrap_or_else(|error| panic!("{error}")));
        let mut game = Game::new(&scene, &sounds, 4);
        for frame in 59..63 {
            executor.frame(&mut game, frame, None);
        }
        game.outcome()
    }

    #[test]
    fn the_outcome_depends_neither_on_the_executor_nor_on_the_number_of_threads() {
        let expected = outcome(OnOneThread::new());
        for threads in [1, 2, 7] {
            let micropool = OnMicropool::new(threads).unwrap();
            assert!(outcome(micropool) == expected, "micropool with {threads} threads");
        }
        assert!(outcome(OnRayon::new(3).unwrap()) == expected, "rayon");
    }
}
