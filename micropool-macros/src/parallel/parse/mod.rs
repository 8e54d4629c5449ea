//! From tokens to the block as it is written. Knows the grammar and nothing of what names mean.
//!
//! After a mistake the parser goes on as soon as it can, so that all of them are reported and editors get as much of
//! the block as was understood. What wasn't is marked: nothing is reported that may only follow from it.

mod attributes;
mod header;
mod names;
mod node;

use std::collections::{HashMap, HashSet};

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::buffer::Cursor;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, Result, Type};

use crate::errors::Errors;

pub use node::{binds, ungrouped};

/// A whole block.
#[derive(Default)]
pub struct Block {
    /// `in EXPR;`
    pub pool: Option<Expr>,
    /// `nested;`
    pub nested: Option<Ident>,
    /// `use a, mut b;`: it may be empty.
    pub resources: Option<Vec<Resource>>,
    /// `error TYPE;`
    pub error: Option<(Ident, Type)>,
    pub nodes: Vec<Node>,
    /// The words that weren't understood: each may have been meant as the name of a node or a resource.
    pub lost: HashSet<String>,
    /// What would have left the block to a label of the function's.
    pub jumps: Vec<TokenStream>,
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
    /// Whether something in front of `=>` is wrong: its name and its place may not be what was meant.
    pub broken: bool,
    /// `None` for `_`.
    pub name: Option<Ident>,
    pub inputs: Vec<Input>,
    pub after: Vec<Ident>,
    pub condition: Option<Expr>,
    /// Without tokens where it wasn't understood: then there is an error.
    pub expr: Expr,
}

impl Node {
    /// Its name for a message.
    pub fn shown(&self) -> String {
        self.name.as_ref().map_or(String::from("_"), Ident::to_string)
    }
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
    /// Whether it wasn't understood, and is only what may have been meant.
    pub guessed: bool,
}

/// Reads a block; `fallible` says which of the two macros it is.
pub fn parse(tokens: TokenStream, fallible: bool, errors: &mut Errors) -> Block {
    let (mut block, all) = (Block::default(), tokens.clone());
    let parser = |outer: ParseStream| {
        let input;
        syn::braced!(input in outer);
        while !input.is_empty() {
            let read = match header::word(&input) {
                Some(word) => header::header(&input, &word, fallible, &mut block, errors),
                None => node::node(&input, &mut block, errors),
            };
            if let Err(error) = read {
                errors.push(error);
                skip_to_next(&input);
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(ending_at_the_last_token(tokens)) {
        errors.push(error);
    }
    if !errors.is_empty() {
        block.lost = lost(all, &block);
    }
    block
}

/// The words of the block that are in nothing of what was understood.
fn lost(all: TokenStream, block: &Block) -> HashSet<String> {
    fn count(tokens: TokenStream, by: isize, words: &mut HashMap<String, isize>) {
        for tree in tokens {
            match tree {
                TokenTree::Group(group) => count(group.stream(), by, words),
                TokenTree::Ident(word) => *words.entry(word.unraw().to_string()).or_default() += by,
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
    let mut understood = TokenStream::new();
    let Block { pool, nested, resources, error, nodes, lost: _, jumps: _ } = block;
    quote!(#pool #nested).to_tokens(&mut understood);
    error.iter().for_each(|(word, ty)| quote!(#word #ty).to_tokens(&mut understood));
    resources.iter().flatten().for_each(|resource| resource.name.to_tokens(&mut understood));
    for Node { attrs, name, inputs, after, condition, expr, .. } in nodes {
        let inputs = inputs.iter().filter(|input| !input.guessed).map(|input| &input.name);
        quote!(#(#attrs)* #name #(#inputs)* #(#after)* #condition #expr).to_tokens(&mut understood);
    }
    let mut words = HashMap::new();
    count(all, 1, &mut words);
    count(understood, -1, &mut words);
    words.into_iter().filter(|&(_, times)| times > 0).map(|(word, _)| word).collect()
}

/// The tokens in braces, which stand where the last token does: syn shows there what is missing at the end.
fn ending_at_the_last_token(tokens: TokenStream) -> TokenStream {
    let last = tokens.clone().into_iter().last().map_or_else(Span::call_site, |tree| tree.span());
    let mut group = Group::new(Delimiter::Brace, tokens);
    group.set_span(last);
    TokenTree::from(group).into()
}

/// Behind the next comma or semicolon.
fn skip_to_next(input: ParseStream) {
    while let Ok(tree) = input.parse::<TokenTree>() {
        if is_separator(&tree) {
            break;
        }
    }
}

/// To the next comma or semicolon.
fn skip_to_separator(input: ParseStream) {
    while input.cursor().token_tree().is_some_and(|(tree, _)| !is_separator(&tree)) {
        if input.parse::<TokenTree>().is_err() {
            break;
        }
    }
}

fn is_separator(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if matches!(punct.as_char(), ',' | ';'))
}

/// Behind `=>`, if it stands at this place.
fn behind_arrow(cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    let (equals, rest) = cursor.punct()?;
    let (greater, rest) = rest.punct()?;
    (equals.as_char() == '=' && greater.as_char() == '>').then_some(rest)
}

fn is_word(input: ParseStream, word: &str) -> bool {
    input.cursor().ident().is_some_and(|(ident, _)| ident == word)
}

/// An identifier, and a word about it where there is something else.
fn identifier(input: ParseStream, what: &str) -> Result<Ident> {
    if input.peek(syn::Ident) {
        return input.parse();
    }
    if input.peek(Ident::peek_any) && !input.peek(syn::Token![_]) {
        let word = input.call(Ident::parse_any)?;
        return Err(syn::Error::new(word.span(), format_args!("expected {what}, `{word}` is a keyword")));
    }
    Err(input.error(format_args!("expected {what}")))
}
