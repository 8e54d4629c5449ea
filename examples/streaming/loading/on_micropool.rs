//! The chain of background jobs, and the frame as a graph.

use super::{Arrivals, Engine};
use crate::args::{Args, Pool};
use crate::frame::{self, Sea};
use crate::parallel_for::Micropool;
use crate::stages::{self, File, Picture, Texture};
use micropool::{ThreadPool, ThreadPoolBuilder};
use std::path::PathBuf;

type Loaded<T> = Result<T, String>;

// Each call returns at once. A stage starts when the one before it is done, and no thread waits for that.

#[micropool::job(background)]
fn read(path: PathBuf) -> Loaded<File> {
    stages::read(path)
}

#[micropool::job(background)]
fn decode(#[after] file: Loaded<File>) -> Loaded<Picture> {
    stages::decode(&file?)
}

#[micropool::job(background)]
fn mip_maps(#[after] picture: Loaded<Picture>) -> Loaded<Vec<Picture>> {
    picture.map(stages::mip_maps::<Micropool>)
}

#[micropool::job(background)]
fn compress(#[after] levels: Loaded<Vec<Picture>>) -> Loaded<Texture> {
    levels.map(|levels| stages::compress::<Micropool>(&levels))
}

#[micropool::job(background)]
fn deliver(#[after] texture: Loaded<Texture>, arrivals: Arrivals) {
    // Nobody listens any more if the game ended on an error.
    let _ = arrivals.send(texture);
}

pub struct OnMicropool {
    pool: ThreadPool,
    name: String,
}

impl OnMicropool {
    pub fn new(args: &Args) -> Result<Self, micropool::BuildError> {
        let workers = args.threads() - 1;
        let builder = ThreadPoolBuilder::new().num_threads(workers);
        let (builder, name) = match args.pool {
            Pool::Dedicated => (builder.dedicated_background_threads(1), "and a background thread"),
            _ => (builder, "that load when there is no frame"),
        };
        Ok(Self { pool: builder.build()?, name: format!("micropool: the main thread, {workers} workers {name}") })
    }
}

impl Engine for OnMicropool {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn load(&mut self, path: PathBuf, arrivals: Arrivals) {
        self.pool.install(|| deliver(compress(mip_maps(decode(read(path)))), arrivals).detach());
    }

    fn frame(&mut self, sea: &mut Sea) {
        let Sea { water, spray, picture } = sea;
        let (mut water, mut spray, mut picture) = (water, spray, picture);
        micropool::parallel! {
            in self.pool;
            use mut water, mut spray, mut picture;

            waves(mut water)            => frame::roll(Micropool, water),
            foam(water, mut spray)      => frame::blow(Micropool, water, spray),
            shading(water, mut picture) => frame::shade(Micropool, water, picture),
        };
    }
}
