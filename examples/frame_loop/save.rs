//! The save file: a snapshot taken within a frame, text made of it and written in the background, and read back at the
//! end to see that it is whole.

use crate::parallel_for::ParallelFor;
use crate::world::{Body, Place, Pose, Velocity};
use glam::{Quat, Vec3};
use hecs::World;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

/// All that is needed to go on from here.
#[derive(Deserialize)]
pub struct Snapshot {
    pub frame: usize,
    pub bodies: Vec<Saved>,
}

#[derive(Serialize, Deserialize)]
pub struct Saved {
    pub group: u32,
    pub radius: f32,
    pub place: Vec3,
    /// Fixed bodies have none.
    pub velocity: Option<Vec3>,
    pub spin: Quat,
}

/// Short, for the frame waits for it.
pub fn snapshot(world: &World, frame: usize) -> Snapshot {
    let mut query = world.query::<(&Body, &Place, Option<&Velocity>, &Pose)>();
    let saved = |(body, place, velocity, pose): (&Body, &Place, Option<&Velocity>, &Pose)| Saved {
        group: body.group,
        radius: body.radius,
        place: place.0,
        velocity: velocity.map(|velocity| velocity.0),
        spin: pose.spin,
    };
    Snapshot { frame, bodies: query.iter().map(saved).collect() }
}

/// Long, for the background. It makes way for the frame every few bodies.
pub fn encode<P: ParallelFor>(snapshot: Snapshot) -> Result<String, String> {
    ron::to_string(&MakingWay::<P>(&snapshot, PhantomData)).map_err(|error| error.to_string())
}

/// A snapshot whose serialisation calls [`ParallelFor::make_way`] now and then.
struct MakingWay<'a, P>(&'a Snapshot, PhantomData<P>);

impl<P: ParallelFor> Serialize for MakingWay<'_, P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Bodies<'a, P>(&'a [Saved], PhantomData<P>);
        impl<P: ParallelFor> Serialize for Bodies<'_, P> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.0.iter().enumerate().map(|(index, body)| {
                    if index % 32 == 0 {
                        P::make_way();
                    }
                    body
                }))
            }
        }
        let mut whole = serializer.serialize_struct("Snapshot", 2)?;
        whole.serialize_field("frame", &self.0.frame)?;
        whole.serialize_field("bodies", &Bodies::<P>(&self.0.bodies, PhantomData))?;
        whole.end()
    }
}

/// Writes beside the old file and then replaces it: whatever happens meanwhile, there is a whole one.
pub fn write(text: &str, path: &Path) -> Result<(), String> {
    let unfinished = path.with_extension("part");
    std::fs::write(&unfinished, text)
        .and_then(|()| std::fs::rename(&unfinished, path))
        .map_err(|error| format!("can't write the save file {}: {error}", path.display()))
}

/// What a node with an `if` that encodes what a node with an `if` has given: nothing, or the text.
type MaybeText = Option<Option<Result<String, String>>>;

/// Writes when the text is there; no thread waits for it.
#[micropool::job(background)]
pub fn write_when_encoded(#[after] text: MaybeText, path: PathBuf) -> Result<(), String> {
    match text.flatten() {
        Some(text) => write(&text?, &path),
        None => Ok(()),
    }
}

pub fn read(path: &Path) -> Result<Snapshot, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("can't read {}: {error}", path.display()))?;
    ron::from_str(&text).map_err(|error| format!("{}:{error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel_for::OneThread;

    #[test]
    fn what_was_saved_can_be_read() {
        let mut world = World::new();
        let pose = Pose { spin: Quat::from_rotation_x(1.0), glow: 0.0 };
        world.spawn((Body { radius: 0.5, group: 3 }, Place(Vec3::X), Velocity(Vec3::Z), pose));
        world.spawn((Body { radius: 4.0, group: 4 }, Place(Vec3::Y), pose));
        let text = encode::<OneThread>(snapshot(&world, 60)).unwrap();
        let read: Snapshot = ron::from_str(&text).unwrap();
        assert_eq!((read.frame, read.bodies.len()), (60, 2));
        assert!(read.bodies.iter().any(|body| body.velocity == Some(Vec3::Z) && body.place == Vec3::X));
        assert!(read.bodies.iter().any(|body| body.velocity.is_none() && body.spin == pose.spin));
    }
}
