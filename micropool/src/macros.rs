//! The names under which users call the macros for graphs.
//!
//! Each hands its tokens to the procedural macro together with `$crate`, so that the expansion finds this crate under
//! whatever name it was given in the user's manifest.

/// Runs the nodes of a graph as if one after another, top to bottom, and at the same time whatever doesn't depend on
/// each other.
///
/// ```
/// # struct World { x: f32 }
/// # impl World { fn step(&mut self, dt: f32) { self.x += dt; } }
/// # fn mix() -> Vec<i16> { vec![0; 64] }
/// # fn draw(world: &World) -> String { format!("at {}", world.x) }
/// let mut world = World { x: 1.0 };
///
/// let frame = micropool::parallel! {
///     physics              => world.step(0.5),
///     audio                => mix(),
///     render after physics => draw(&world),
/// };
/// assert_eq!(frame.render, "at 1.5");
/// assert_eq!(frame.audio.len(), 64);
/// ```
///
/// # Grammar
///
/// ```text
/// parallel! { [in POOL ;]  [nested ;]  [use resource , … ;]  node , … }
/// resource  = NAME | mut NAME
/// node      = attr*  [background | here]  NAME  [( input , … )]  [after NAME | after ( NAME , … )]  [if EXPR]  => EXPR
/// input     = NAME | mut NAME | move NAME | clone NAME
/// ```
///
/// A node sees the results of nodes above it that it lists as inputs: `name` gives `&T`, `mut name` gives `&mut T`,
/// `move name` gives the result itself, `clone name` a copy. `after` is order without a value. A node named `_` runs
/// for its effect. The block's value is a struct with a field for each named node, in source order; `into_tuple()`
/// gives them as a tuple. A node with `if` gives an `Option`, a `background` node a [`Task`](crate::Task).
///
/// ```
/// let words = ["sphere", "plane", "mesh"];
/// let frame = micropool::parallel! {
///     lengths                 => words.map(str::len).to_vec(),
///     longest(lengths)        => lengths.iter().max().copied(),
///     total(lengths)          => lengths.iter().sum::<usize>(),
///     sorted(move lengths)    => { let mut lengths = lengths; lengths.sort(); lengths }
///     report(total, longest) if *total > 0 => format!("{total}, at most {}", longest.unwrap_or(0)),
/// };
/// assert_eq!(frame.report.as_deref(), Some("15, at most 6"));
/// assert_eq!(frame.sorted, [4, 5, 6]);
/// ```
///
/// # What is lent
///
/// Without `use`, expressions borrow locals as closures do: ordered nodes may both borrow one mutably, and two unordered
/// ones that do are an error of the compiler. With `use`, locals are lent to the nodes that name them, and the order of
/// conflicting users follows from the source:
///
/// ```
/// let mut positions = vec![0.0_f32; 4];
/// let velocities = vec![1.0_f32; 4];
/// let mut energy = 0.0_f32;
///
/// micropool::parallel! {
///     use mut positions, velocities, mut energy;
///     integrate(mut positions, velocities) => {
///         for (x, v) in positions.iter_mut().zip(velocities) { *x += v; }
///     }
///     measure(velocities, mut energy) => *energy = velocities.iter().map(|v| v * v).sum(),
///     wrap(mut positions)             => positions.iter_mut().for_each(|x| *x %= 0.75),
/// };
/// assert_eq!((positions[0], energy), (0.25, 4.0));
/// ```
///
/// A lent local is what the node sees: with `use mut world`, `mut world` is a `&mut World` and `world` a `&World`. The
/// binding itself must be `mut`, also where it is a reference already (`fn frame(mut world: &mut World)`).
///
/// # How to order
///
/// By what a node needs: an input is an order, and so are two nodes that name one resource where either is `mut`.
/// `after` is for what the macro can't see: a file, a socket, a local that both borrow without `use`. Nodes that neither
/// orders may run at the same time, wherever they stand.
///
/// # Forms
///
/// A series-parallel graph without `use` expands into nested joins tagged with their urgency; `nested;` demands that.
/// Any other runs with a countdown a node on the caller's stack: whoever finishes a node goes on with what became ready.
/// Both mean the same, and neither allocates. Of several ready nodes the one with the longest way to the end of the
/// graph goes first, counted in nodes, or in `#[cost(N)]` where nodes carry it.
///
/// # Failures
///
/// If a node panics, exactly the nodes that depend on it don't run; every other one does. `if`s and lent values included,
/// the outcome doesn't depend on timing or on the number of threads.
///
/// `return`, `?`, `break` and `.await` in a node's expression concern that node alone or don't compile. A graph blocks
/// its thread: in an `async fn` prefer [`spawn`](crate::spawn) and `.await` the task.
///
/// # Background nodes
///
/// They are spawned the moment their inputs are done, and nobody waits for them: `move` or `clone` what they need.
///
/// ```
/// let world = vec![1_u32, 2, 3];
/// let frame = micropool::parallel! {
///     snapshot => world.clone(),
///     sum(snapshot) => snapshot.iter().sum::<u32>(),
///     background save(move snapshot) => format!("{snapshot:?}").len(),
/// };
/// assert_eq!(frame.sum, 6);
/// assert_eq!(frame.save.join(), 9);
/// ```
///
/// # What it expands into
///
/// The nested form is what one would write by hand. `physics => a(), audio => b(), render(physics) => c(physics)` is
/// about
///
/// ```
/// # fn a() -> u32 { 1 } fn b() -> u32 { 2 } fn c(_: &u32) -> u32 { 3 }
/// let ((physics, render), audio) = micropool::join(
///     || { let physics = a(); let render = c(&physics); (physics, render) },
///     || b(),
/// );
/// # assert_eq!((physics, render, audio), (1, 3, 2));
/// ```
///
/// with results that may be missing after a panic, and with the fork's urgency. The countdown form makes a cell for each
/// result and resource, which checks every use of it, a closure for each chain of nodes, and one static table of the
/// edges. Neither contains `unsafe`.
///
/// # What an error means
///
/// The macro checks the graph before rustc sees it, and reports all that is wrong in one go, each on its word, with what
/// to write instead: a name that isn't there or stands below, a cycle (as the path), a use after a `move`, a `mut` of what
/// is lent shared, a background node that borrows. What it can't know, rustc says at your expression: two unordered nodes
/// that borrow one local mutably ("cannot borrow as mutable more than once": order them with `after`, or lend the local
/// with `use`), and a capture that can't go to another thread ("cannot be sent between threads safely": keep the node on
/// the calling thread with `here`).
///
/// # When plain [`join`](crate::join) is better
///
/// For two or three closures in a generic algorithm, above all in recursion: it is the same thing with less to read.
///
/// # Panics
///
/// With the payload of the highest node that panicked, after every node that doesn't depend on it has run.
///
/// # Cost
///
/// A fork costs a [`join`](crate::join); a countdown graph about as much a node. Nothing is allocated, background nodes
/// apart.
#[macro_export]
macro_rules! parallel {
    ($($block:tt)*) => { $crate::__private::parallel! { @[$crate] $($block)* } };
}

/// [`parallel!`](crate::parallel!) whose nodes may fail: each expression is a `Result<T, E>`, inputs are the `T`s, and the block gives
/// `Ok` of all results or the error of the highest failing node.
///
/// ```
/// fn read(name: &str) -> Result<u32, std::num::ParseIntError> { name.parse() }
///
/// let sum = micropool::try_parallel! {
///     a         => read("2"),
///     b         => read("40"),
///     sum(a, b) => Ok(a + b),
/// };
/// assert_eq!(sum.map(|frame| frame.sum), Ok(42));
///
/// let broken = micropool::try_parallel! {
///     error std::num::ParseIntError;
///     a       => Ok(read("x")? + 1),
///     _       => read("also wrong").map(drop),
///     never(a) => Ok(a + 1),
/// };
/// assert_eq!(broken.unwrap_err(), read("x").unwrap_err());
/// ```
///
/// `error TYPE;` says which error it is where `?` alone can't. Exactly the nodes that depend on a failed one don't run.
/// The expression of a background node is any value.
///
/// # Errors
///
/// The one of the highest failing node.
///
/// # Panics
///
/// If the highest failing node panicked, with its payload.
#[macro_export]
macro_rules! try_parallel {
    ($($block:tt)*) => { $crate::__private::try_parallel! { @[$crate] $($block)* } };
}
