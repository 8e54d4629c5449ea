#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(warnings)]

extern crate micropool as pool;

// Whatever the expansion names, it isn't found by these names.
#[allow(dead_code)]
mod micropool {}
#[allow(dead_code)]
mod std {}
#[allow(dead_code)]
mod core {}

#[pool::job(crate = pool)]
fn three() -> i32 {
    3
}

#[pool::job(background, crate = pool)]
fn four() -> i32 {
    4
}

fn main() {
    let mut world = 1;
    let frame = pool::parallel! {
        use mut world;
        /// Moves.
        physics(mut world) => *world += three(),
        render(world) if *world > 3 => *world + 1,
        copy(clone render) => render,
        last(move copy, mut render) => { *render = copy; 0 }
        background save(clone world) => world,
        background more(move save) if true => save + 1,
        _ => (),
    };
    ::std::assert_eq!(frame.render, ::std::option::Option::Some(5));
    ::std::assert_eq!(frame.more.join(), ::std::option::Option::Some(5));
    ::std::assert_eq!(four().join() + frame.last, 4);
    let tried = pool::try_parallel! {
        error ();
        nested;
        a => ::std::result::Result::Ok(1),
        b(a) if *a == 1 => ::std::result::Result::Ok(a + 1),
        c(move a) => ::std::result::Result::Ok(a),
    };
    ::std::assert_eq!(tried.map(|frame| frame.b), ::std::result::Result::Ok(::std::option::Option::Some(2)));
}
