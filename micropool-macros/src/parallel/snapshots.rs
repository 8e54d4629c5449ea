//! What blocks expand into: see `snapshot.rs`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::snapshot;

fn check(name: &str, fallible: bool, block: TokenStream) {
    let expanded = super::block(block, fallible);
    let items = quote!(
        fn expanded() {
            #expanded
        }
    );
    snapshot::check(&format!("parallel/snapshots/{name}"), items);
}

#[test]
fn nested() {
    check(
        "nested",
        false,
        quote! {
            input => poll(),
            physics(input) => world.step(input),
            audio(input) if *input > 0 => mix(),
            render after physics => draw(&world),
            _ after (render, audio) => present(),
        },
    );
}

/// A game's frame: forks in each other, with a node between two of them.
#[test]
fn forks_in_forks() {
    check(
        "forks_in_forks",
        false,
        quote! {
            nested;
            _ => poll(),
            physics => a(),
            animation => b(),
            audio => c(),
            _ after (physics, animation) => d(),
        },
    );
}

#[test]
fn countdown() {
    check(
        "countdown",
        false,
        quote! {
            use mut world, scene;
            physics(mut world) => world.step(),
            cull(world, scene) => visible(world, scene),
            hear(world) => sounds(world),
            draw(move cull, scene) => render(cull, scene),
            here show(draw) => present(draw),
            background save(clone world) => write(world),
        },
    );
}

#[test]
fn fallible() {
    check(
        "fallible",
        true,
        quote! {
            in pool;
            error std::io::Error;
            text => read("a"),
            parsed(move text) => parse(text),
            background log(clone parsed) => print(parsed),
        },
    );
}

#[test]
fn wide_fork() {
    check(
        "wide_fork",
        false,
        quote! {
            a => f(1), b => f(2), c => f(3), d => f(4), e => f(5), f => f(6), g => f(7),
            all(a, move b) after (c, d, e, f, g) => a + b,
        },
    );
}

#[test]
fn wide_layers() {
    check(
        "wide_layers",
        false,
        quote! {
            a => f(1), b => f(2),
            c(a, b) => a + b, d(a, b) => a - b, e(a, b) => a * b, f(a, b) => a / b, g(a, b) => a ^ b, _(a, b) => log(a, b),
            #[allow(unused)] h(a, b) => a & b,
            i(a, b) if a > b => a | b,
        },
    );
}

#[test]
fn off_and_if() {
    check(
        "off_and_if",
        false,
        quote! {
            use;
            a => f(1),
            #[cfg(unix)]
            b(move a) => g(a),
            c(mut b) if b.is_ready() => h(b),
        },
    );
}

#[test]
fn background_chain() {
    check(
        "background_chain",
        false,
        quote! {
            a => f(1),
            background b(clone a) if *a > 0 => g(a),
            background c(move b) => h(b),
            background d after c => i(),
        },
    );
}
