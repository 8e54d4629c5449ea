//! The names that a node lists: its inputs, and what it comes after.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{LitStr, Result, Token, token};

use super::{Input, Mode, Node, identifier, is_word};
use crate::errors::Errors;

/// The inputs of a node, if it has any.
pub fn inputs(input: ParseStream, node: &mut Node, errors: &mut Errors) -> Result<()> {
    if input.peek(token::Paren) {
        let content;
        syn::parenthesized!(content in input);
        return input_list(&content, &mut node.inputs, errors);
    }
    if input.peek(token::Brace) && !input.peek2(Token![=>]) {
        return Err(input.error(format_args!("write `=>` in front of the expression: `{} => {{ … }}`", node.shown())));
    }
    if input.peek(token::Bracket) || input.peek(token::Brace) {
        return Err(input.error(format_args!("inputs stand in parentheses: `{}(input)`", node.shown())));
    }
    Ok(())
}

/// What stands in the parentheses.
pub fn input_list(content: ParseStream, inputs: &mut Vec<Input>, errors: &mut Errors) -> Result<()> {
    let meant = list(content, errors, |content, errors| {
        let (known, before) = (inputs.len(), errors.len());
        let read = one_input(content, errors, |input| inputs.push(input));
        if read.is_err() || errors.len() > before {
            inputs[known..].iter_mut().for_each(|input| input.guessed = true);
        }
        read
    })?;
    inputs.extend(meant);
    Ok(())
}

fn one_input(content: ParseStream, errors: &mut Errors, push: impl FnOnce(Input)) -> Result<()> {
    if content.peek(Token![&]) {
        errors.push(content.error("write the name only: `name` is `&` by itself, `mut name` is `&mut`"));
        content.parse::<Token![&]>()?;
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
    if content.peek(Token![ref]) {
        errors.push(content.error("write the name only: an input is a reference by itself"));
        content.parse::<Token![ref]>()?;
    }
    if mode != Mode::Read && (content.peek(Token![mut]) || content.peek(Token![move])) {
        errors.push(content.error(match mode {
            Mode::Mut => "an input is lent by `mut` or taken by `move`: keep one of them",
            _ => "the node has it by value already: to change it, write `let mut name = name;` in the expression",
        }));
        content.parse::<TokenTree>()?;
    }
    push(Input { mode, name: identifier(content, "the name of a node above or of a resource")?, guessed: false });
    if content.is_empty() || content.peek(Token![,]) {
        return Ok(());
    }
    Err(content.error("expected `,` between two inputs (an input is a name, not an expression)"))
}

/// The `after` of a node, which stands here.
pub fn after(input: ParseStream, node: &mut Node, errors: &mut Errors) -> Result<()> {
    input.parse::<Ident>()?;
    if input.peek(token::Paren) {
        let content;
        syn::parenthesized!(content in input);
        let meant = list(&content, errors, |content, _| {
            node.after.push(one_after(content)?);
            if content.is_empty() || content.peek(Token![,]) {
                return Ok(());
            }
            Err(content.error("expected `,` between two names"))
        })?;
        node.inputs.extend(meant);
        return Ok(());
    }
    node.after.push(one_after(input)?);
    if input.peek(Token![,]) && input.peek2(Token![=>]) {
        errors.on(input.parse::<Token![,]>()?, "no `,` stands between the last name and `=>`");
        return Ok(());
    }
    if input.peek(Token![,]) {
        return Err(input.error("several names stand in parentheses: `after (a, b)`"));
    }
    Ok(())
}

fn one_after(input: ParseStream) -> Result<Ident> {
    if input.peek(Token![_]) {
        return Err(input.error("a node named `_` can't be named: give it a name"));
    }
    if input.peek(Token![mut]) || input.peek(Token![move]) {
        return Err(input.error("`after` takes names only: what a node uses it lists as inputs, behind its own name"));
    }
    identifier(input, "the name of a node above")
}

/// What stands between commas. After a mistake the list goes on behind the next comma; what is skipped may have been
/// meant as inputs.
fn list(
    content: ParseStream,
    errors: &mut Errors,
    mut one: impl FnMut(ParseStream, &mut Errors) -> Result<()>,
) -> Result<Vec<Input>> {
    let mut skipped = TokenStream::new();
    while !content.is_empty() {
        if let Err(error) = one(content, errors) {
            errors.push(error);
            while !content.is_empty() && !content.peek(Token![,]) {
                skipped.extend([content.parse::<TokenTree>()?]);
            }
        }
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(meant(skipped))
}

/// All that could be meant as inputs in what wasn't understood: the node's expression may use them.
pub fn meant(tokens: TokenStream) -> Vec<Input> {
    let name = |name| Input { mode: Mode::Read, name, guessed: true };
    let inputs = tokens.into_iter().flat_map(|tree| match tree {
        TokenTree::Group(group) => meant(group.stream()),
        TokenTree::Ident(_) => syn::parse2(tree.into()).into_iter().map(name).collect(),
        TokenTree::Literal(_) => {
            syn::parse2(tree.into()).and_then(|text: LitStr| text.parse()).into_iter().map(name).collect()
        }
        TokenTree::Punct(_) => Vec::new(),
    });
    inputs.collect()
}
