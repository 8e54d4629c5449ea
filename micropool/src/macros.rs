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
/// gives them as a tuple. A node with `if` gives an `Option`, a `background` node a [`Task`](crate::Task), a node whose result was
/// moved into another `()`.
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
/// A node may change the result of one above. Users of a result come in the order of the source: those below see the change.
///
/// ```
/// let frame = micropool::parallel! {
///     mesh            => vec![3, 1, 2],
///     count(mesh)     => mesh.len(),
///     sort(mut mesh)  => mesh.sort(),
///     first(mesh)     => mesh[0],
/// };
/// assert_eq!((frame.count, frame.first, frame.mesh), (3, 1, vec![1, 2, 3]));
/// ```
///
/// `if` is evaluated when the node could start, with the inputs by `&`. Where it is false the node is done at once: its result is
/// `None`, what would have been moved into it is dropped, and the nodes that depend on it run, with a `&Option<T>`.
///
/// ```
/// let frame = micropool::parallel! {
///     keys                             => vec!["jump"],
///     jump(keys) if keys.len() > 5     => 2.5,
///     height(jump)                     => jump.unwrap_or(0.0),
/// };
/// assert_eq!((frame.jump, frame.height), (None, 0.0));
/// ```
///
/// # What is lent
///
/// Without `use`, expressions borrow locals as closures do. Two unordered nodes that borrow one mutably are an error of the compiler;
/// ordered ones may do so in the nested form (see below), and not in the other. With `use`, locals are lent to the nodes that name them, and the order of
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
/// A series-parallel graph without `use` and without a `here` node expands into nested joins tagged with their urgency; `nested;`
/// demands that. Any other runs with a countdown a node on the caller's stack: whoever finishes a node goes on with what became
/// ready. An empty `use;` demands this one. Both mean the same, and neither allocates; but only the nested form promises that ordered
/// nodes may borrow one local mutably without `use`. Of several ready nodes the one with the longest way to the end of the
/// graph goes first, counted in nodes, or in `#[cost(N)]` where nodes carry it.
///
/// A nested graph's calls nest as deep as its forks do. Where each of a hundred nodes of a chain has a branch of its own beside it, that
/// takes rustc seconds and, without optimisation, a thread megabytes of its stack: there write `use;`.
///
/// # Failures
///
/// If a node panics, exactly the nodes that depend on it don't run; every other one does. Those depend on it that list it as an input or
/// behind `after`, and the later users of what it held `mut`, which it may have left half changed. `if`s and lent values included,
/// the outcome doesn't depend on timing or on the number of threads.
///
/// `return` and `?` in a node's expression concern that node alone. `break` and `continue` of a loop around the block, `.await`,
/// and `?` in an `if` don't compile. A graph blocks its thread: in an `async fn` prefer [`spawn`](crate::spawn) and `.await` the
/// task.
///
/// # Background nodes
///
/// They are spawned the moment their inputs are done, and nobody waits for them: `move` or `clone` what they need. Their expression is
/// a `move` closure, which takes what it captures when it is spawned.
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
/// A background node comes after others of its kind by `after`, or takes their value by `move`; no thread waits for that. Its `if` is
/// evaluated when it could start:
///
/// ```
/// let path = String::from("level");
/// let frame = micropool::parallel! {
///     background load                                  => path.len(),
///     background parse(move load)                      => load * 2,
///     background warn(move parse) if *parse > 100      => format!("{parse} is large"),
///     background done after warn                       => true,
/// };
/// assert_eq!(frame.warn.join(), None);
/// assert!(frame.done.join());
/// ```
///
/// # Part by part
///
/// `in POOL;` runs the graph in that pool; the expression is evaluated once and borrowed:
///
/// ```
/// let pool = micropool::ThreadPoolBuilder::new().num_threads(2).build()?;
/// let frame = micropool::parallel! {
///     in pool;
///     threads => micropool::num_threads(),
/// };
/// assert_eq!(frame.threads, 2);
/// # Ok::<(), micropool::BuildError>(())
/// ```
///
/// `nested;` demands the nested form, in which ordered nodes may borrow a local mutably one after another. Where an edge
/// prevents it, the error names that edge:
///
/// ```
/// let mut log = Vec::new();
/// micropool::parallel! {
///     nested;
///     begin            => log.push("begin"),
///     load after begin => log.push("load"),
///     other            => 2 + 2,
/// };
/// assert_eq!(log, ["begin", "load"]);
/// ```
///
/// An empty `use;` demands the countdown form: where branches are of unequal length, no thread waits at a join while a node is ready.
///
/// ```
/// let sums = micropool::parallel! {
///     use;
///     a         => 1,
///     b         => 2,
///     ab(a, b)  => a + b,
/// };
/// assert_eq!(sums.ab, 3);
/// ```
///
/// `here` keeps a node on the calling thread; what it captures and gives needn't be `Send`. A block with such a node runs with
/// countdowns, and has that form's rules of borrowing: a local that one node changes and another uses is lent by `use`, also where
/// the two are ordered.
///
/// ```
/// use std::rc::Rc;
/// let window = Rc::new(std::cell::RefCell::new(Vec::<u32>::new()));
/// micropool::parallel! {
///     scene => vec![1, 2, 3],
///     here present(scene) => window.borrow_mut().extend(scene),
/// };
/// assert_eq!(*window.borrow(), [1, 2, 3]);
/// ```
///
/// ```
/// # struct Window { drawn: usize }
/// let mut world = vec![1, 2];
/// let mut window = Window { drawn: 0 };
/// micropool::parallel! {
///     use mut world;
///     step(mut world)     => world.push(3),
///     here present(world) => window.drawn = world.len(),
/// };
/// assert_eq!(window.drawn, 3);
/// ```
///
/// Without `use mut world`, two closures would borrow it at once:
///
/// ```compile_fail,E0502
/// let mut world = vec![1, 2];
/// let mut drawn = 0;
/// micropool::parallel! {
///     step                    => world.push(3),
///     here present after step => drawn = world.len(),
/// };
/// ```
///
/// `clone name` gives a node a copy of its own, made when it starts, so that it may change it, or outlive the block with it:
///
/// ```
/// let scene = vec![3, 1, 2];
/// let frame = micropool::parallel! {
///     use scene;
///     sorted(clone scene)          => { let mut scene = scene; scene.sort(); scene }
///     count(scene)                 => scene.len(),
///     background save(clone scene) => format!("{scene:?}"),
/// };
/// assert_eq!((frame.sorted, frame.count), (vec![1, 2, 3], 3));
/// assert_eq!(frame.save.join(), "[3, 1, 2]");
/// ```
///
/// `after (a, b)` comes after several nodes without their values. A node named `_` runs for its effect: it has no field, and
/// there may be several:
///
/// ```
/// use std::sync::Mutex;
/// let done = Mutex::new(Vec::new());
/// micropool::parallel! {
///     physics => done.lock().unwrap().push("physics"),
///     audio   => done.lock().unwrap().push("audio"),
///     _ after (physics, audio) => done.lock().unwrap().push("flush"),
///     _ after physics          => drop(done.lock().unwrap()),
/// };
/// assert_eq!(done.into_inner().unwrap()[2], "flush");
/// ```
///
/// `#[cost(N)]` weighs a node where it counts which one is the most urgent; on a `background` node it has no effect, for nobody waits
/// for that one and to spawn it takes no time. `#[cfg(…)]` switches a node off: it keeps its place and its edges, uses nothing, and its
/// result is `()`:
///
/// ```
/// let frame = micropool::parallel! {
///     /// The mesh of the terrain.
///     #[cost(20)]
///     terrain => (0..1_000_u32).sum::<u32>(),
///     sky     => 1_u32,
///     #[cfg(any())]                            // no configuration has this
///     overlay(clone terrain, sky) => missing(terrain, sky),
///     all(terrain, sky) after overlay => terrain + sky,
/// };
/// assert_eq!((frame.all, frame.overlay), (499_501, ()));
/// ```
///
/// Lint levels (`#[allow(…)]`, `#[expect(…)]` and so on) hold for the node that carries them. Other attributes are errors.
///
/// A graph stands wherever an expression does: in generic functions, in closures, and in an `async fn`, whose thread it blocks.
///
/// ```
/// fn both<T: Send + Sync + Ord + Clone>(items: &[T]) -> Option<(T, T)> {
///     let ends = micropool::parallel! { least => items.iter().min(), greatest => items.iter().max() };
///     Some((ends.least?.clone(), ends.greatest?.clone()))
/// }
/// assert_eq!(both(&[2, 3, 1]), Some((1, 3)));
///
/// let sum_of_squares = |x: u32, y: u32| {
///     let squares = micropool::parallel! { x => x * x, y => y * y };
///     squares.x + squares.y
/// };
/// assert_eq!(sum_of_squares(3, 4), 25);
///
/// async fn frame(world: Vec<u32>) -> u32 {
///     let sum = micropool::spawn(move || world.iter().sum::<u32>()).await;
///     micropool::parallel! { half => sum / 2, rest => sum % 2 }.half
/// }
/// # let mut future = std::pin::pin!(frame(vec![4, 6]));
/// # let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// # let half = loop {
/// #     if let std::task::Poll::Ready(half) = future.as_mut().poll(&mut context) { break half }
/// #     std::thread::yield_now();
/// # };
/// # assert_eq!(half, 5);
/// ```
///
/// A graph in a node is one of its own: what it makes descends from that node.
///
/// ```
/// let frame = micropool::parallel! {
///     left => {
///         let halves = micropool::parallel! { low => 1, high => 2 };
///         halves.low + halves.high
///     }
///     right => 4,
/// };
/// assert_eq!(frame.left + frame.right, 7);
/// ```
///
/// Methods use `self` as closures do, without listing it; its fields can be lent as locals:
///
/// ```
/// struct Game { world: Vec<f32>, ticks: u32 }
///
/// impl Game {
///     fn frame(&mut self, dt: f32) -> usize {
///         let Self { world, ticks } = self;
///         let mut world = world;
///         let frame = micropool::parallel! {
///             use mut world;
///             tick            => *ticks += 1,
///             step(mut world) => world.iter_mut().for_each(|x| *x += dt),
///             draw(world)     => world.iter().filter(|&&x| x > 1.0).count(),
///         };
///         frame.draw
///     }
///
///     fn report(&self) -> (u32, usize) {
///         micropool::parallel! { ticks => self.ticks, size => self.world.len() }.into_tuple()
///     }
/// }
///
/// let mut game = Game { world: vec![0.0, 1.0], ticks: 0 };
/// assert_eq!((game.frame(0.5), game.report()), (1, (1, 2)));
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
/// to write instead: mistakes of the grammar and those of names, a name that isn't there or stands below, a cycle (as the path), a use after a `move`, a `mut` of what
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
/// Exactly the nodes that depend on a failed one don't run. The expression of a background node is any value: it is no part of the
/// outcome.
///
/// # Grammar
///
/// ```text
/// try_parallel! { [in POOL ;]  [nested ;]  [use resource , … ;]  [error TYPE ;]  node , … }
/// ```
///
/// The headers come in any order, each at most once; `error TYPE;` says what `E` is. Resources, nodes and inputs are those of
/// [`parallel!`](crate::parallel!), whose forms, failures and attributes hold here too. Inside, `error` in front of a type and a
/// semicolon is that header, elsewhere a name.
///
/// # What an error means
///
/// What [`parallel!`](crate::parallel#what-an-error-means) says, and three things more.
///
/// **"type annotations needed"**: nothing says what `E` is. A `?` converts its error into whatever error the node has, and an
/// `Ok(…)` fits every error. If all nodes end so, `error TYPE;` at the top says it for all of them:
///
/// ```
/// let sum = micropool::try_parallel! {
///     error Box<dyn std::error::Error + Send + Sync>;
///     port      => Ok("80".parse::<u16>()?),
///     text      => Ok(String::from_utf8(vec![b'a'])?),
///     size(text) => Ok(text.len()),
/// };
/// assert_eq!(sum.unwrap().into_tuple(), (80, String::from("a"), 1));
/// ```
///
/// ```compile_fail,E0282
/// let sum = micropool::try_parallel! {
///     port => Ok("80".parse::<u16>()?),
/// };
/// ```
///
/// **"mismatched types: expected `Result<_, _>`"** at a node's expression: a value that can't fail wants its `Ok(…)`, and what is done for
/// its effect ends with `Ok(())`:
///
/// ```
/// let frame = micropool::try_parallel! {
///     number        => "7".parse::<u8>(),
///     next(number)  => Ok(number + 1),
///     _(next)       => { println!("{next}"); Ok(()) }
/// };
/// assert_eq!(frame.map(|frame| frame.next), Ok(8));
/// ```
///
/// ```compile_fail,E0308
/// let frame = micropool::try_parallel! {
///     number        => "7".parse::<u8>(),
///     next(number)  => number + 1,
/// };
/// ```
///
/// **"mismatched types: expected this error, found that one"**: two nodes fail with different types. Name one that both
/// become, and let `?` convert, or `map_err`:
///
/// ```
/// #[derive(Debug, PartialEq)]
/// enum Failed { Number, Text }
///
/// impl From<std::num::ParseIntError> for Failed {
///     fn from(_: std::num::ParseIntError) -> Self { Self::Number }
/// }
///
/// let frame = micropool::try_parallel! {
///     error Failed;
///     number => Ok("seven".parse::<u8>()?),
///     text   => String::from_utf8(vec![0xff]).map_err(|_| Failed::Text),
/// };
/// assert_eq!(frame.map(|_| ()), Err(Failed::Number));
/// ```
///
/// ```compile_fail,E0308
/// let frame = micropool::try_parallel! {
///     number => "seven".parse::<u8>(),
///     text   => String::from_utf8(vec![0xff]),
/// };
/// ```
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
