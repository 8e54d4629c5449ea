//! The scene file: what is in it, how it is read, and what is said when it can't be. `scene_check` looks at the values.

use glam::Vec3;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// Everything that a scene file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    pub arena: Arena,
    pub camera: Camera,
    pub sun: Sun,
    pub materials: BTreeMap<String, Material>,
    pub sounds: BTreeMap<String, Sound>,
    /// Names of sounds that go on everywhere, all the time.
    pub ambience: Vec<String>,
    pub groups: Vec<Group>,
    pub entities: Vec<Single>,
    pub recording: Vec<Command>,
}

/// A round floor with a wall that is not seen.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arena {
    pub radius: f32,
    pub gravity: f32,
    /// What is left of the speed at which something hits something, 0 to 1.
    pub bounce: f32,
    /// What is left of the speed after a second of rolling, 0 to 1.
    pub rolling: f32,
}

/// Circles around a point and looks at it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Camera {
    pub looks_at: Vec3,
    pub distance: f32,
    pub height: f32,
    /// Where it starts, in degrees.
    pub angle: f32,
    /// Degrees a second.
    pub turns: f32,
    /// From the upper edge of the picture to the lower, in degrees.
    pub field_of_view: f32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sun {
    pub stands_at: Vec3,
    pub colour: Vec3,
}

/// A surface: a colour, another for the stripe, and how much it shines.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Material {
    pub colour: Vec3,
    pub stripe: Vec3,
    pub gloss: f32,
}

/// Where the samples of a sound come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Sound {
    /// A file beside the scene.
    Wav { file: PathBuf, gain: f32 },
    /// A struck bell: partials that fade.
    Bell { pitch: f32, seconds: f32, gain: f32 },
    /// An endless chord of slowly beating tones.
    Pad { pitches: Vec<f32>, gain: f32 },
    /// A rumble that fades: filtered noise.
    Rumble { seconds: f32, gain: f32, seed: u64 },
}

/// Many bodies that have much in common.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub name: String,
    pub count: usize,
    pub seed: u64,
    /// They start somewhere in this upright cylinder.
    pub within: Cylinder,
    /// The smallest and the largest.
    pub radius: (f32, f32),
    /// Names; each body has one of them.
    pub materials: Vec<String>,
    #[serde(default)]
    pub mind: Option<Mind>,
    /// The sound of a hit.
    #[serde(default)]
    pub impact: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cylinder {
    pub centre: Vec3,
    pub radius: f32,
    pub height: f32,
}

/// What a body wants.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Mind {
    /// To move as its neighbours of the same group do, around the arena; backwards if the speed is negative.
    Flock { speed: f32 },
    /// To run around a point.
    Orbit { around: Vec3, speed: f32 },
    /// To jump every so many seconds.
    Hop { every: f32, speed: f32 },
}

/// One body with a name of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Single {
    pub name: String,
    pub at: Vec3,
    pub radius: f32,
    pub material: String,
    /// It stands where it is, and others bounce off it.
    #[serde(default)]
    pub fixed: bool,
    #[serde(default)]
    pub mind: Option<Mind>,
    /// The colour of the light it gives.
    #[serde(default)]
    pub light: Option<Vec3>,
    /// A sound that goes on and on, heard from where it is.
    #[serde(default)]
    pub hum: Option<String>,
}

/// A recorded input.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// Seconds from the start, or from when the recording starts again.
    pub seconds: f32,
    pub blast: Blast,
}

/// Throws about what is near.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blast {
    pub at: Vec3,
    pub reach: f32,
    pub speed: f32,
    pub sound: String,
}

/// Why there is no scene, and what can be done about it.
#[derive(Debug)]
pub enum SceneError {
    Unreadable {
        path: PathBuf,
        cause: std::io::Error,
    },
    /// Anything but text.
    Binary {
        path: PathBuf,
    },
    Syntax {
        path: PathBuf,
        line: usize,
        column: usize,
        text: String,
        cause: String,
    },
    Content {
        path: PathBuf,
        faults: Vec<String>,
    },
}

impl fmt::Display for SceneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, cause } => {
                writeln!(f, "can't read the scene file {}: {cause}", path.display())?;
                write!(f, "give one that exists with --scene PATH, or leave --scene out for the one that comes along")
            }
            Self::Binary { path } => {
                writeln!(f, "the scene file {} is no text", path.display())?;
                write!(
                    f,
                    "give one as examples/assets/arena.ron is with --scene PATH, or leave --scene out for that one"
                )
            }
            Self::Syntax { path, line, column, text, cause } => {
                writeln!(f, "{}:{line}:{column}: {cause}", path.display())?;
                if !text.is_empty() {
                    writeln!(f, "    {text}")?;
                }
                write!(f, "correct that line; examples/assets/arena.ron has an example of everything")
            }
            Self::Content { path, faults } => {
                writeln!(f, "{}: the scene can't be played:", path.display())?;
                for fault in faults {
                    writeln!(f, "  * {fault}")?;
                }
                write!(f, "correct these values in the file")
            }
        }
    }
}

impl std::error::Error for SceneError {}

impl Scene {
    /// Reads a scene and makes sure that it can be played.
    pub fn read(path: &Path) -> Result<Self, SceneError> {
        let text = std::fs::read_to_string(path).map_err(|cause| match cause.kind() {
            std::io::ErrorKind::InvalidData => SceneError::Binary { path: path.to_owned() },
            _ => SceneError::Unreadable { path: path.to_owned(), cause },
        })?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, SceneError> {
        let scene: Self = ron::Options::default()
            .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
            .from_str(text)
            .map_err(|error| SceneError::Syntax {
                path: path.to_owned(),
                line: error.span.start.line,
                column: error.span.start.col,
                text: text.lines().nth(error.span.start.line.saturating_sub(1)).unwrap_or_default().trim().to_owned(),
                cause: error.code.to_string(),
            })?;
        match scene.faults() {
            faults if faults.is_empty() => Ok(scene),
            faults => Err(SceneError::Content { path: path.to_owned(), faults }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARENA: &str = include_str!("../assets/arena.ron");

    fn parse(text: &str) -> Result<Scene, SceneError> {
        Scene::parse(text, Path::new("test.ron"))
    }

    fn faults(text: &str) -> String {
        match parse(text) {
            Err(error @ SceneError::Content { .. }) => error.to_string(),
            other => panic!("expected faults in the content, got {other:?}"),
        }
    }

    #[test]
    fn the_scene_that_comes_along_is_large_enough() {
        let scene = parse(ARENA).unwrap_or_else(|error| panic!("{error}"));
        assert!(scene.groups.iter().map(|group| group.count).sum::<usize>() >= 2000);
        assert!(scene.sounds.len() >= 4);
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Scene::read(Path::new("no/such.ron")).unwrap_err().to_string();
        assert!(error.contains("no/such.ron") && error.contains("--scene"), "{error}");
    }

    #[test]
    fn a_syntax_error_has_its_line_and_column() {
        let line = 1 + ARENA[..ARENA.find("gravity").unwrap()].matches('\n').count();
        match parse(&ARENA.replacen("gravity: ", "gravity: \"down\", was: ", 1)) {
            Err(SceneError::Syntax { line: found, column, .. }) => assert_eq!((found, column > 1), (line, true)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_unknown_field_is_named() {
        let error = parse(&ARENA.replacen("bounce", "bounciness", 1)).unwrap_err().to_string();
        assert!(error.contains("bounciness"), "{error}");
    }

    #[test]
    fn every_wrong_value_is_reported_at_once() {
        let text = ARENA.replacen("bounce: 0.", "bounce: 7.", 1).replacen("field_of_view: ", "field_of_view: 9", 1);
        let report = faults(&text);
        assert!(report.contains("arena.bounce is 7.") && report.contains("camera.field_of_view"), "{report}");
    }

    #[test]
    fn values_that_are_no_numbers_are_refused() {
        let report = faults(&ARENA.replacen("bounce: 0.45", "bounce: NaN", 1));
        assert!(report.contains("arena.bounce is NaN, and must be from 0 to 1"), "{report}");
    }

    #[test]
    fn too_many_bodies_are_refused_before_they_are_made() {
        let report = faults(&ARENA.replacen("count: 900", "count: 18446744073709551615", 1));
        assert!(report.contains("18446744073709551615 bodies"), "{report}");
    }

    #[test]
    fn unknown_names_are_reported_with_the_known_ones() {
        let report = faults(&ARENA.replacen("materials: [\"teal\"]", "materials: [\"tael\"]", 1));
        assert!(
            report.contains("groups[\"walkers\"] names the material \"tael\"") && report.contains("teal"),
            "{report}"
        );
        let report = faults(&ARENA.replacen("ambience: [\"drone\"]", "ambience: [\"drown\"]", 1));
        assert!(report.contains("ambience names the sound \"drown\""), "{report}");
    }

    #[test]
    fn commands_must_be_in_order() {
        let report = faults(&ARENA.replacen("seconds: 2.4, blast", "seconds: 0.4, blast", 1));
        assert!(report.contains("recording[1].seconds is 0.4"), "{report}");
    }
}
