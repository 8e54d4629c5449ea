//! `parallel!` and `try_parallel!`: parse → check → expand.

mod check;
mod expand;
mod graph;
mod leave;
mod parse;
#[cfg(test)]
mod snapshots;

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use crate::errors::Errors;
use crate::fragments::grouped;

/// Expands one block; `fallible` says which of the two macros it is.
pub fn block(tokens: TokenStream, fallible: bool) -> TokenStream {
    let (krate, tokens) = split_crate(tokens);
    let mut errors = Errors::default();
    let mut block = parse::parse(grouped(tokens), fallible, &mut errors);
    leave::check(&mut block, &mut errors);
    match check::check(block, fallible, &mut errors) {
        Ok(model) => expand::right(&model, &krate),
        Err(block) => expand::wrong(&block, &krate, fallible, &errors),
    }
}

/// Takes `@[path of the crate]` off the front.
fn split_crate(tokens: TokenStream) -> (TokenStream, TokenStream) {
    let mut rest = tokens.clone().into_iter();
    match (rest.next(), rest.next()) {
        (Some(TokenTree::Punct(at)), Some(TokenTree::Group(path))) if at.as_char() == '@' => {
            (path.stream(), rest.collect())
        }
        _ => (quote!(::micropool), tokens),
    }
}
