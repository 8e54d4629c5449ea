//! From tokens to the block as it is written. Knows the grammar and nothing of what names mean.
//!
//! After a syntax error the parser goes on behind the next comma, so that all of them are reported; nothing else is
//! checked then, for a node that wasn't understood would make others wrong.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, LitInt, Result, Token, Type, token};

use crate::errors::Errors;

/// A whole block.
#[derive(Default)]
pub struct Block {
    /// `in EXPR;`
    pub pool: Option<Expr>,
    /// `nested;`
    pub nested: Option<Ident>,
    /// `use a, mut b;`, and where `use` stands: it may be empty.
    pub resources: Option<(Span, Vec<Resource>)>,
    /// `error TYPE;`
    pub error: Option<(Ident, Type)>,
    pub nodes: Vec<Node>,
}

/// A local that is lent to the graph.
pub struct Resource {
    pub mutable: bool,
    pub name: Ident,
}

/// Where a node runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Anywhere,
    Here,
    Background,
}

pub struct Node {
    /// `cfg`, lint levels and doc comments.
    pub attrs: Vec<Attribute>,
    pub cost: u64,
    pub place: Place,
    /// `None` for `_`.
    pub name: Option<Ident>,
    pub inputs: Vec<Input>,
    pub after: Vec<Ident>,
    pub condition: Option<Expr>,
    pub expr: Expr,
}

/// What a node gets of an input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    Read,
    Mut,
    Move,
    Clone,
}

pub struct Input {
    pub mode: Mode,
    pub name: Ident,
}

/// Reads a block; `fallible` says which of the two macros it is.
pub fn parse(tokens: TokenStream, fallible: bool, errors: &mut Errors) -> Block {
    let mut block = Block::default();
    let parser = |input: ParseStream| {
        headers(input, fallible, &mut block, errors);
        while !input.is_empty() {
            if let Err(error) = node(input, &mut block, errors) {
                errors.push(error);
                skip_to_next(input);
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        errors.push(error);
    }
    block
}

/// Behind the next comma or semicolon.
fn skip_to_next(input: ParseStream) {
    while let Ok(tree) = input.parse::<TokenTree>() {
        if matches!(&tree, TokenTree::Punct(punct) if matches!(punct.as_char(), ',' | ';')) {
            break;
        }
    }
}

fn headers(input: ParseStream, fallible: bool, block: &mut Block, errors: &mut Errors) {
    loop {
        let before = input.cursor();
        let found = header(input, fallible, block, errors).unwrap_or_else(|error| {
            errors.push(error);
            skip_to_next(input);
            before != input.cursor()
        });
        if !found {
            return;
        }
    }
}

/// Reads one header, if there is one.
fn header(input: ParseStream, fallible: bool, block: &mut Block, errors: &mut Errors) -> Result<bool> {
    let span = input.span();
    let twice = |errors: &mut Errors, there: bool, what: &str| {
        if there {
            errors.at(span, format_args!("`{what}` is given twice: keep one"));
        }
    };
    if input.peek(Token![in]) {
        input.parse::<Token![in]>()?;
        let pool = input.parse()?;
        semicolon(input, "the pool")?;
        twice(errors, block.pool.replace(pool).is_some(), "in");
    } else if input.peek(Token![use]) {
        input.parse::<Token![use]>()?;
        let list = resources(input)?;
        twice(errors, block.resources.replace((span, list)).is_some(), "use");
    } else if is_word(input, "nested") && input.peek2(Token![;]) {
        let word: Ident = input.parse()?;
        input.parse::<Token![;]>()?;
        twice(errors, block.nested.replace(word).is_some(), "nested");
    } else if is_word(input, "error") && is_error_header(input) {
        let word: Ident = input.parse()?;
        let ty = input.parse()?;
        input.parse::<Token![;]>()?;
        if !fallible {
            errors.on(&word, "`error` is for `try_parallel!`: the nodes of `parallel!` don't fail");
        }
        twice(errors, block.error.replace((word, ty)).is_some(), "error");
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// A node may be called `error` too: only a type and a semicolon make it a header.
fn is_error_header(input: ParseStream) -> bool {
    let fork = input.fork();
    fork.parse::<Ident>().is_ok() && fork.parse::<Type>().is_ok() && fork.peek(Token![;])
}

fn semicolon(input: ParseStream, behind: &str) -> Result<()> {
    if input.peek(Token![;]) {
        input.parse::<Token![;]>()?;
        return Ok(());
    }
    Err(input.error(format_args!("expected `;` after {behind}")))
}

fn resources(input: ParseStream) -> Result<Vec<Resource>> {
    let mut list = Vec::new();
    while !input.peek(Token![;]) {
        let mutable = input.parse::<Option<Token![mut]>>()?.is_some();
        if input.peek(Token![&]) {
            return Err(input.error("name the local only: `use name` lends `&name`, `use mut name` lends `&mut name`"));
        }
        if input.peek(Token![self]) {
            return Err(input.error(
                "`self` can't be lent as a whole: make a local of what the nodes use, `let world = &mut self.world;`",
            ));
        }
        list.push(Resource { mutable, name: identifier(input, "the name of a local")? });
        if input.peek(Token![.]) {
            return Err(input.error("only a local can be lent: make one of it above the block"));
        }
        if !input.peek(Token![;]) && !input.peek(Token![,]) {
            return Err(input.error("expected `,` or, after the last resource, `;`"));
        }
        input.parse::<Option<Token![,]>>()?;
    }
    input.parse::<Token![;]>()?;
    Ok(list)
}

fn is_word(input: ParseStream, word: &str) -> bool {
    input.cursor().ident().is_some_and(|(ident, _)| ident == word)
}

/// An identifier, and a word about it where there is something else.
fn identifier(input: ParseStream, what: &str) -> Result<Ident> {
    if input.peek(syn::Ident) {
        return input.parse();
    }
    if input.peek(Ident::peek_any) {
        let word = input.call(Ident::parse_any)?;
        return Err(syn::Error::new(word.span(), format_args!("expected {what}, `{word}` is a keyword")));
    }
    Err(input.error(format_args!("expected {what}")))
}

fn node(input: ParseStream, block: &mut Block, errors: &mut Errors) -> Result<()> {
    let (attrs, cost) = attributes(input, errors)?;
    if input.peek(Token![in]) || input.peek(Token![use]) {
        return Err(input.error("`in` and `use` stand at the top of the block, above the nodes"));
    }
    let place = place(input, errors)?;
    let name = if input.peek(Token![_]) {
        input.parse::<Token![_]>()?;
        None
    } else {
        Some(identifier(input, "the name of a node")?)
    };
    let shown = name.as_ref().map_or(String::from("_"), Ident::to_string);

    let inputs = if input.peek(token::Paren) { parenthesized(input, inputs)? } else { Vec::new() };
    let after = if is_word(input, "after") { after(input)? } else { Vec::new() };
    if input.peek(token::Paren) && !after.is_empty() {
        return Err(input.error(format_args!("inputs stand right behind the name: `{shown}(input) after …`")));
    }
    let condition = if input.peek(Token![if]) {
        input.parse::<Token![if]>()?;
        Some(input.parse::<Expr>()?)
    } else {
        None
    };
    if is_word(input, "after") {
        return Err(input.error("`after` stands once, in front of `if`: `after (a, b)` for several"));
    }
    arrow(input, &shown)?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(input.error(format_args!("expected an expression: what does `{shown}` do?")));
    }
    let expr = Expr::parse_with_earlier_boundary_rule(input)?;
    comma(input, &expr, &shown, errors)?;
    block.nodes.push(Node { attrs, cost, place, name, inputs, after, condition, expr });
    Ok(())
}

fn arrow(input: ParseStream, shown: &str) -> Result<()> {
    if input.peek(Token![=>]) {
        input.parse::<Token![=>]>()?;
        return Ok(());
    }
    let wrong = input.peek(Token![->]) || input.peek(Token![=]) || input.peek(Token![:]);
    let message = if wrong {
        format!("write `=>` here: `{shown} => expression`")
    } else {
        format!("expected `=>` and the expression of `{shown}`")
    };
    Err(input.error(message))
}

/// Between two nodes stands a comma, unless the first ends with a block, as in `match`.
fn comma(input: ParseStream, expr: &Expr, shown: &str, errors: &mut Errors) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    if input.peek(Token![,]) {
        input.parse::<Token![,]>()?;
        return Ok(());
    }
    let block_like = matches!(
        expr,
        Expr::If(_)
            | Expr::Match(_)
            | Expr::Block(_)
            | Expr::Unsafe(_)
            | Expr::While(_)
            | Expr::Loop(_)
            | Expr::ForLoop(_)
            | Expr::TryBlock(_)
            | Expr::Const(_)
    );
    if block_like {
        return Ok(());
    }
    if input.peek(Token![;]) {
        let semicolon: Token![;] = input.parse()?;
        errors.on(semicolon, format_args!("nodes are separated by commas: write `,` behind `{shown}`"));
        return Ok(());
    }
    if is_word(input, "after") || input.peek(Token![if]) {
        return Err(input.error("`after` and `if` stand in front of `=>`"));
    }
    // The next node begins here, most likely: go on with it.
    errors.at(expr.span(), format_args!("missing `,` behind the node `{shown}`"));
    Ok(())
}

fn attributes(input: ParseStream, errors: &mut Errors) -> Result<(Vec<Attribute>, u64)> {
    let mut kept = Vec::new();
    let mut cost = 1;
    for attr in input.call(Attribute::parse_outer)? {
        let path = attr.path();
        if path.is_ident("cost") {
            match attr.parse_args::<LitInt>().and_then(|number| number.base10_parse()) {
                Ok(number) => cost = number,
                Err(_) => errors.on(&attr, "`cost` takes a whole number: `#[cost(5)]`"),
            }
        } else if ["cfg", "doc", "allow", "expect", "warn", "deny", "forbid"].iter().any(|known| path.is_ident(known)) {
            kept.push(attr);
        } else {
            errors.on(
                path,
                "a node takes `cfg`, `cost`, doc comments and lint levels; put other attributes inside its expression",
            );
        }
    }
    Ok((kept, cost))
}

/// `background` and `here` are modifiers where another name follows, else names.
fn place(input: ParseStream, errors: &mut Errors) -> Result<Place> {
    let mut place = Place::Anywhere;
    loop {
        let found = if is_word(input, "background") {
            Place::Background
        } else if is_word(input, "here") {
            Place::Here
        } else {
            return Ok(place);
        };
        if !is_modifier(input) {
            return Ok(place);
        }
        let word: Ident = input.parse()?;
        if place == found {
            errors.on(&word, format_args!("`{word}` is given twice: keep one"));
        } else if place != Place::Anywhere {
            errors.on(
                &word,
                "a node is either `background` or `here`: the calling thread doesn't wait for a background node",
            );
        }
        place = found;
    }
}

/// Whether the word here is followed by the name of a node. `background after x => …` is a node called `background`,
/// `background after => …` a background node called `after`.
fn is_modifier(input: ParseStream) -> bool {
    if input.peek2(Token![_]) {
        return true;
    }
    let Some((_, rest)) = input.cursor().ident() else { return false };
    match rest.ident() {
        Some((next, behind)) if next == "after" => {
            let arrow = behind.punct().is_some_and(|(punct, _)| punct.as_char() == '=');
            arrow || behind.ident().is_some_and(|(word, _)| word == "if")
        }
        Some((next, _)) => next != "if",
        None => false,
    }
}

/// What stands in parentheses. After an error the rest of it is dropped, or syn would find fault with that too.
fn parenthesized<T>(input: ParseStream, parse: impl FnOnce(ParseStream) -> Result<T>) -> Result<T> {
    let content;
    syn::parenthesized!(content in input);
    parse(&content).inspect_err(|_| drop(content.parse::<TokenStream>()))
}

fn inputs(content: ParseStream) -> Result<Vec<Input>> {
    let mut list = Vec::new();
    while !content.is_empty() {
        if content.peek(Token![&]) {
            return Err(content.error("write the name only: an input is `&` by itself, `mut name` for `&mut`"));
        }
        let mode = if content.peek(Token![mut]) {
            content.parse::<Token![mut]>()?;
            Mode::Mut
        } else if content.peek(Token![move]) {
            content.parse::<Token![move]>()?;
            Mode::Move
        } else if is_word(content, "clone") && content.peek2(Ident::peek_any) {
            content.parse::<Ident>()?;
            Mode::Clone
        } else {
            Mode::Read
        };
        if content.peek(Token![_]) {
            return Err(content.error("a node named `_` can't be an input: give it a name"));
        }
        if content.peek(Token![self]) {
            return Err(content.error("`self` is no input: an expression may use it without listing it"));
        }
        list.push(Input { mode, name: identifier(content, "the name of a node above or of a resource")? });
        if content.is_empty() {
            break;
        }
        if !content.peek(Token![,]) {
            return Err(content.error("expected `,` between two inputs (an input is a name, not an expression)"));
        }
        content.parse::<Token![,]>()?;
    }
    Ok(list)
}

fn after(input: ParseStream) -> Result<Vec<Ident>> {
    input.parse::<Ident>()?;
    if !input.peek(token::Paren) {
        if input.peek(Token![_]) {
            return Err(input.error("a node named `_` can't be named: give it a name"));
        }
        let name = identifier(input, "the name of a node above")?;
        if input.peek(Token![,]) {
            return Err(input.error("several names stand in parentheses: `after (a, b)`"));
        }
        return Ok(vec![name]);
    }
    parenthesized(input, |content| {
        let mut names = Vec::new();
        while !content.is_empty() {
            names.push(identifier(content, "the name of a node above")?);
            if !content.is_empty() {
                content.parse::<Token![,]>()?;
            }
        }
        Ok(names)
    })
}
