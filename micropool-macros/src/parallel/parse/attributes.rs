//! The attributes of a node, and those that are none.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Ident, LitBool, LitInt, LitStr, Meta, Result, Token, token};

use super::{is_separator, node};
use crate::errors::Errors;

/// Reads a node's attributes: those that it keeps, and its cost.
pub fn of_a_node(input: ParseStream, errors: &mut Errors) -> Result<(Vec<Attribute>, u64)> {
    let mut kept = Vec::new();
    let mut cost = None;
    for attr in input.call(Attribute::parse_outer)? {
        let path = attr.path();
        if path.is_ident("cost") {
            let number = attr.parse_args::<LitInt>();
            match number.as_ref().map(LitInt::base10_parse) {
                Ok(Ok(_)) if cost.is_some() => errors.on(&attr, "`cost` is given twice: keep one"),
                Ok(Ok(number)) => cost = Some(number),
                Ok(Err(_)) => errors.on(&attr, format_args!("`cost` is at most {}", u64::MAX)),
                Err(_) => errors.on(&attr, "`cost` takes a whole number: `#[cost(5)]`"),
            }
        } else if path.is_ident("cfg") {
            match takes_one(&attr.meta) {
                true => match attr.parse_args_with(cfg) {
                    Ok(()) => kept.push(attr),
                    Err(error) => errors.push(error),
                },
                false => errors.on(&attr, "`cfg` takes one condition: `#[cfg(…)]`, several as `#[cfg(all(a, b))]`"),
            }
        } else if ["doc", "allow", "expect", "warn", "deny", "forbid"].iter().any(|known| path.is_ident(known)) {
            kept.push(attr);
        } else {
            errors.on(
                path,
                "a node takes `cfg`, `cost`, doc comments and lint levels; put other attributes inside its expression",
            );
        }
    }
    Ok((kept, cost.unwrap_or(1)))
}

/// Whether it is `cfg(…)` with one condition.
fn takes_one(cfg: &Meta) -> bool {
    let Meta::List(list) = cfg else { return false };
    let mut commas = list.tokens.clone().into_iter().skip_while(|tree| !is_separator(tree));
    !list.tokens.is_empty() && commas.nth(1).is_none()
}

/// Reads the condition of a `cfg`. rustc's own message for a wrong one would stand there once for each use of it.
fn cfg(input: ParseStream) -> Result<()> {
    condition_of_cfg(input)?;
    input.parse::<Option<Token![,]>>().map(drop)
}

fn condition_of_cfg(input: ParseStream) -> Result<()> {
    if input.peek(LitBool) {
        return input.parse::<LitBool>().map(drop);
    }
    if !input.peek(Ident::peek_any) {
        return Err(input.error("expected a condition: `unix`, `feature = \"…\"`, `not(…)`, `all(…)` or `any(…)`"));
    }
    let name = input.call(Ident::parse_any)?;
    if input.peek(Token![=]) {
        let equals: Token![=] = input.parse()?;
        let expected = format!("expected a string: `{name} = \"…\"`");
        if input.is_empty() {
            return Err(syn::Error::new_spanned(equals, expected));
        }
        input.parse::<LitStr>().map_err(|error| syn::Error::new(error.span(), expected))?;
    } else if input.peek(token::Paren) {
        let content;
        let parentheses = syn::parenthesized!(content in input);
        if name != "not" && name != "all" && name != "any" {
            return content.parse::<TokenStream>().map(drop);
        }
        let mut count = 0;
        while !content.is_empty() {
            condition_of_cfg(&content)?;
            content.parse::<Option<Token![,]>>()?;
            count += 1;
        }
        if name == "not" && count != 1 {
            return Err(syn::Error::new(
                parentheses.span.join(),
                "`not` takes one condition: `not(…)`, several as `not(any(a, b))`",
            ));
        }
    }
    match input.is_empty() || input.peek(Token![,]) {
        true => Ok(()),
        false => Err(input.error(format_args!("expected `,` or the end of the condition behind `{name}`"))),
    }
}

/// Reads attributes that stand in front of an expression and not of the next node.
pub fn of_an_expression(input: ParseStream, shown: &str) -> Option<syn::Error> {
    let fork = input.fork();
    let first = fork.call(Attribute::parse_outer).ok()?.into_iter().next()?;
    if fork.is_empty() || node::begins(&fork) {
        return None;
    }
    let _ = input.call(Attribute::parse_outer);
    Some(syn::Error::new_spanned(
        first,
        format_args!(
            "attributes stand in front of the node, `#[…] {shown} => …`, or on a statement: `{shown} => {{ #[…] let value = …; value }}`"
        ),
    ))
}
