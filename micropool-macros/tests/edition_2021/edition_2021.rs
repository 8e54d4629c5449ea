//! The macros in a crate of an older edition that has micropool under another name: `gen` is no keyword there, and the macros find
//! the crate by what they were called by.

#![forbid(unsafe_code)]
#![deny(warnings)]

/// There must be no other way to it.
mod micropool {}

#[test]
fn a_later_edition_s_keyword_is_a_name() {
    let gen = 1;
    let nested = pool::parallel! {
        gen                    => gen + 1,
        more(gen)              => *gen + 1,
        changed(mut gen)       => *gen += 1,
        copy(clone gen) if *gen > 0 => gen + 1,
        last after gen         => 5,
    };
    assert_eq!(format!("{nested:?}"), "Parallel { gen: 3, more: 3, changed: (), copy: Some(4), last: 5 }");
    assert_eq!((nested.gen, nested.r#gen), (3, 3));

    let mut gen = vec![1];
    let countdown = pool::parallel! {
        use mut gen;
        push(mut gen)               => gen.push(2),
        background sum(clone gen) if gen.len() > 1 => gen.iter().sum::<i32>(),
    };
    assert_eq!((countdown.push, countdown.sum.join()), ((), Some(3)));
    assert_eq!(pool::parallel! { r#gen => 1, moved(move gen) => gen }.into_tuple(), ((), 1));
    let tried =
        pool::try_parallel! { error std::num::ParseIntError; gen => "7".parse::<i32>(), next(gen) => Ok(gen + 1) };
    assert_eq!(tried.map(|frame| (frame.gen, frame.next)), Ok((7, 8)));
}

#[test]
fn words_of_the_grammar_are_names() {
    let frame = pool::parallel! {
        background                     => 1,
        here(background)               => *background + 1,
        after(here) after here         => *here + 1,
        nested after after             => 4,
        clone(clone nested)            => nested + 1,
        error(clone) if *clone == 5    => *clone + 1,
        cost(move error, clone clone)  => error.map_or(0, |error| error + clone),
        background join(clone cost) if *cost == 11 => cost,
        here present(cost)             => *cost,
    };
    assert_eq!((frame.background, frame.here, frame.after, frame.nested, frame.clone), (1, 2, 3, 4, 5));
    assert_eq!((frame.error, frame.cost, frame.present, frame.join.join()), ((), 11, 11, Some(11)));
}

#[test]
fn inputs_of_an_if_are_seen_by_reference() {
    let text = String::from("ab");
    let frame = pool::parallel! {
        owned                                      => text.clone(),
        copied(clone owned) if owned.len() == 2    => owned + "c",
        taken(move owned) if owned.starts_with("a") => owned,
        dropped(move copied) if copied.is_none()   => copied.is_none(),
    };
    assert_eq!((frame.owned, frame.copied), ((), ()));
    assert_eq!((frame.taken.as_deref(), frame.dropped), (Some("ab"), None));
}

/// Adds one.
#[pool::job(background, crate = pool)]
fn gen(gen: u32, #[after] last: u32) -> u32 {
    gen + last
}

#[pool::job(name = "here", crate = pool)]
fn in_place(gen: &mut u32) {
    *gen += 1;
}

#[test]
fn jobs_find_the_crate_too() {
    let mut number = 1;
    in_place(&mut number);
    assert_eq!(gen(number, pool::spawn(|| 3)).join(), 5);
    let frame = pool::parallel! { background gen => 1, background next(move gen) => gen + 1 };
    assert_eq!(frame.next.join(), 2);
}
