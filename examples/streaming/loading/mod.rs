//! Two ways to run frames and load textures beside them. The stages are the same functions.

mod on_micropool;
mod on_rayon;

pub use on_micropool::OnMicropool;
pub use on_rayon::OnRayon;

use crate::frame::Sea;
use crate::stages::Texture;
use std::path::PathBuf;
use std::sync::mpsc::Sender;

/// Where a texture arrives, or what was wrong with it.
pub type Arrivals = Sender<Result<Texture, String>>;

pub trait Engine {
    fn name(&self) -> String;

    /// Begins to load a texture, and returns.
    fn load(&mut self, path: PathBuf, arrivals: Arrivals);

    fn frame(&mut self, sea: &mut Sea);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Args;
    use crate::assets;
    use clap::Parser;
    use std::path::Path;
    use std::sync::mpsc::channel;

    /// Loads beside frames until all are there; the textures' bytes, in no order, and the sea afterwards.
    fn outcome(engine: &mut dyn Engine) -> (Vec<Vec<Vec<u8>>>, Sea) {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/streaming/tests/engines");
        let paths = assets::prepare(&dir, 2).unwrap();
        let (sender, receiver) = channel();
        let (mut sea, mut textures) = (Sea::new(), Vec::new());
        paths.iter().for_each(|path| engine.load(path.clone(), sender.clone()));
        for frame in 0.. {
            if frame < 3 {
                engine.frame(&mut sea);
            } else if textures.len() == paths.len() {
                break;
            } else {
                // Rayon's caller may have tasks of its own queue to run.
                engine.frame(&mut Sea::new());
            }
            textures.extend(receiver.try_iter().map(|texture| texture.unwrap().levels));
        }
        textures.sort();
        (textures, sea)
    }

    #[test]
    fn all_pools_come_to_the_same() {
        let args = |pool| Args::parse_from(["streaming", "--threads", "2", "--pool", pool]);
        let (textures, sea) = outcome(&mut OnMicropool::new(&args("shared")).unwrap());
        assert_eq!(textures.len(), 2);
        let others: [Box<dyn Engine>; 2] =
            [Box::new(OnMicropool::new(&args("dedicated")).unwrap()), Box::new(OnRayon::new(2).unwrap())];
        for mut engine in others {
            let (other, its_sea) = outcome(&mut *engine);
            assert!(other == textures, "textures on {}", engine.name());
            assert!(its_sea == sea, "the sea on {}", engine.name());
        }
    }

    #[test]
    fn a_file_that_is_missing_is_told() {
        let args = Args::parse_from(["streaming", "--threads", "2"]);
        let (sender, receiver) = channel();
        OnMicropool::new(&args).unwrap().load(PathBuf::from("no/such.png"), sender);
        assert!(receiver.recv().unwrap().err().unwrap().contains("no/such.png"));
    }
}
