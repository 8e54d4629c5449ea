//! Blocks and jobs with random mistakes: the macros never panic, and always give either an expansion or errors, which is
//! Rust in both cases. More of them: `MICROPOOL_FUZZ=1000000 cargo test --release -p micropool-macros --lib fuzz`.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::dice::Dice;

const BLOCKS: &[&str] = &[
    "input => poll(&mut devices), physics(input) => step(&mut world, input), audio(input) => mix(&mut mixer, input),
     render(physics) => draw(&world, physics), stats after (audio, render) => flush(), background save => write(snapshot)",
    "use mut world, scene; physics(mut world) => world.step(), cull(world, scene) => { visible(world, scene) }
     draw(move cull, clone scene) if !cull.is_empty() => render(cull, scene), here show(draw) => present(draw),
     _ after (show, cull) => (), background log(clone draw) if verbose => print(draw)",
    "in pool(); nested; a => 1, b(a) => if *a > 1 { 2 } else { 3 } c(mut a) if *a == 4 => a, d after b => loop {}
     _(c, d) => { return 5; } #[cost(7)] #[cfg(unix)] e => async { 6 }",
    "error std::io::Error; r#type => Ok(1), background => Ok(2), here(background) => Ok(*background), after after here => Ok(3),
     clone(clone here) => Ok(here), if_(move clone) if let_ && x => Err(4)?, background after => 5, background here => 6",
    "use; background a => 1, background b(move a) => 2, background c after b => 3, background _(move b, move c) => 4",
    "a => 1, b => 2, c(a, b) => 3, d(b) => 4, e after (c, d) => S { x: 1 }, f(e) => |x: u8| x, g => \"text\", h => x as u8",
];

const JOBS: &[(&str, &str)] = &[
    ("", "fn f() {}"),
    ("background", "pub fn load(path: String, #[after] mesh: Vec<u8>) -> Result<u8, E> { path.parse()? }"),
    (
        "background, shared, name = \"a b\"",
        "pub(crate) fn f<T: Send + 'static>(mut x: T, (a, _): (u8, u8)) -> T where T: Clone { x }",
    ),
    (
        "pool = &self.pool, crate = other::path",
        "#[inline] /// Text.\n async fn f(&mut self, x: &'a str) -> impl Fn() + use<'a> { || x.len() }",
    ),
    (
        "background, pool = pool",
        "unsafe extern \"C\" fn f(self: Arc<Self>, #[cfg(unix)] x: Box<dyn Fn(&u8)>) -> ! { loop {} }",
    ),
];

const WORDS: &str = "a b background here after if use in nested error mut move clone _ self r#fn fn match let else async \
                     => , ; = -> : :: . & * # ! ? < > | + - 1 \"s\" 'a () [] {} (a) (mut a) #[cfg(unix)] #[cost(2)] $ ..";

fn tokens(text: &str) -> Vec<TokenTree> {
    TokenStream::from_str(text).expect("it is lexed").into_iter().collect()
}

/// Makes a change somewhere in the tokens, or in a group of them.
fn mutate(tokens: &mut Vec<TokenTree>, words: &[TokenTree], dice: &mut Dice) {
    let at = dice.below(tokens.len() + 1);
    if let Some(TokenTree::Group(group)) = tokens.get(at)
        && dice.below(3) > 0
    {
        let mut inner: Vec<TokenTree> = group.stream().into_iter().collect();
        let delimiter = match dice.below(12) {
            0 => Delimiter::Bracket,
            1 => Delimiter::Brace,
            2 => Delimiter::None,
            _ => group.delimiter(),
        };
        mutate(&mut inner, words, dice);
        tokens[at] = Group::new(delimiter, inner.into_iter().collect()).into();
        return;
    }
    let word = words[dice.below(words.len())].clone();
    match dice.below(5) {
        0 if at < tokens.len() => drop(tokens.remove(at)),
        1 if at < tokens.len() => tokens[at] = word,
        2 if at < tokens.len() => tokens.insert(at, tokens[at].clone()),
        3 if at + 1 < tokens.len() => tokens.swap(at, at + 1),
        4 if dice.below(8) == 0 => tokens.truncate(at),
        _ => tokens.insert(at, word),
    }
}

fn random(text: &str, words: &[TokenTree], dice: &mut Dice) -> TokenStream {
    let mut tokens = tokens(text);
    for _ in 0..dice.below(4) {
        mutate(&mut tokens, words, dice);
    }
    tokens.into_iter().collect()
}

/// What `expand` gives, which must be Rust; whether it has errors.
fn has_errors<T: syn::parse::Parse>(seed: u64, input: &str, expand: impl FnOnce() -> TokenStream) -> bool {
    let Ok(expanded) = catch_unwind(AssertUnwindSafe(expand)) else { panic!("seed {seed} panics:\n{input}") };
    let text = expanded.to_string();
    if let Err(error) = syn::parse2::<T>(expanded) {
        panic!("seed {seed} gives no Rust ({error}):\n{input}\ngives\n{text}");
    }
    text.contains("compile_error")
}

fn rounds() -> u64 {
    env::var("MICROPOOL_FUZZ").map_or(1_000, |text| text.parse().expect("a number"))
}

#[test]
fn wrong_blocks_give_errors_and_no_panic() {
    let (words, mut wrong) = (tokens(WORDS), 0);
    for seed in 0..rounds() {
        let mut dice = Dice(seed);
        let block = random(BLOCKS[dice.below(BLOCKS.len())], &words, &mut dice);
        let fallible = dice.below(2) == 0;
        let input = block.to_string();
        wrong += u64::from(has_errors::<syn::Expr>(seed, &input, || crate::parallel::block(block, fallible)));
    }
    assert!((rounds() / 2..rounds() * 9 / 10).contains(&wrong), "{wrong} of {} are wrong", rounds());
}

#[test]
fn wrong_jobs_give_errors_and_no_panic() {
    let (words, mut jobs, mut wrong) = (tokens(WORDS), 0, 0);
    for seed in 0..rounds() {
        let mut dice = Dice(seed);
        let (options, item) = JOBS[dice.below(JOBS.len())];
        let (options, item) = (random(options, &words, &mut dice), random(item, &words, &mut dice));
        // rustc doesn't call the macro for anything else.
        if syn::parse2::<syn::Item>(item.clone()).is_err() {
            continue;
        }
        jobs += 1;
        let input = format!("#[job({options})] {item}");
        wrong += u64::from(has_errors::<syn::File>(seed, &input, || crate::job::job(options, item)));
    }
    assert!(jobs > rounds() / 4 && (jobs / 2..jobs * 9 / 10).contains(&wrong), "{wrong} of {jobs} are wrong");
}
