//! What stands above the nodes: `in POOL;`, `nested;`, `use resource, …;`, `error TYPE;`.

use proc_macro2::{Ident, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Result, Token, Type, token};

use super::{Block, Resource, identifier, is_separator, is_word, node, skip_to_separator};
use crate::errors::Errors;

/// The word of the header that begins here, if one does. `nested` and `error` may also be names of nodes.
pub fn word(input: ParseStream) -> Option<Ident> {
    let is_header = input.peek(Token![in])
        || input.peek(Token![use])
        || (is_word(input, "nested") && (input.peek2(Token![;]) || input.peek2(Token![,]) || name_follows(input)))
        || (is_word(input, "error") && type_follows(input));
    is_header.then(|| input.fork().call(Ident::parse_any).ok()).flatten()
}

/// Whether a word follows that can't follow the name of a node.
fn name_follows(input: ParseStream) -> bool {
    let behind = input.cursor().ident().and_then(|(_, rest)| rest.ident());
    behind.is_some_and(|(word, _)| word != "after" && word != "if")
}

/// Whether this is a word, a type and a semicolon, or where that should be the next node; with a sign too many, or without the type.
fn type_follows(input: ParseStream) -> bool {
    let fork = input.fork();
    if fork.parse::<Ident>().is_err() {
        return false;
    }
    if fork.peek(Token![;]) {
        return true;
    }
    if sign(&fork).is_some() {
        return fork.parse::<Type>().is_ok() && fork.peek(Token![;]);
    }
    if fork.parse::<Type>().is_err() {
        return false;
    }
    fork.peek(Token![;]) || (name_follows(input) && (fork.peek(Token![,]) || node::begins(&fork)))
}

/// Reads `:` or `=`, which don't belong in front of the type of the errors.
fn sign(input: ParseStream) -> Option<TokenTree> {
    let is_sign = (input.peek(Token![:]) && !input.peek(Token![::]))
        || (input.peek(Token![=]) && !input.peek(Token![=>]) && !input.peek(Token![==]));
    is_sign.then(|| input.parse().ok()).flatten()
}

/// Reads the header that begins with `word`.
pub fn header(input: ParseStream, word: &Ident, fallible: bool, block: &mut Block, errors: &mut Errors) -> Result<()> {
    if !block.nodes.is_empty() {
        errors.on(word, format_args!("`{word}` stands at the top of the block, above the nodes"));
    }
    let keyword = input.call(Ident::parse_any)?;
    let twice = if *word == "in" {
        if input.peek(Token![;]) || input.peek(Token![,]) {
            return Err(input.error("expected the pool: `in POOL;`"));
        }
        let pool = input.parse()?;
        semicolon(input, "the pool", errors);
        block.pool.replace(pool).is_some()
    } else if *word == "use" {
        let list = resources(input, errors);
        match &mut block.resources {
            Some(earlier) => {
                errors.on(word, "`use` is given twice: put all resources in one, `use a, mut b;`");
                earlier.extend(list);
            }
            none => *none = Some(list),
        }
        false
    } else if *word == "nested" {
        semicolon(input, "`nested`", errors);
        block.nested.replace(keyword).is_some()
    } else {
        if !fallible {
            errors.on(word, "`error` is for `try_parallel!`: the nodes of `parallel!` don't fail");
        }
        let help = "the type of the errors stands right behind `error`: write `error TYPE;`";
        if input.peek(Token![;]) {
            return Err(input.error(help));
        }
        if let Some(sign) = sign(input) {
            errors.on(sign, help);
        }
        let ty = input.parse()?;
        semicolon(input, "the type of the errors", errors);
        block.error.replace((keyword, ty)).is_some()
    };
    if twice {
        errors.on(word, format_args!("`{word}` is given twice: keep one"));
    }
    Ok(())
}

/// Where there is something else, that is read as what comes next.
fn semicolon(input: ParseStream, behind: &str, errors: &mut Errors) {
    if input.parse::<Token![;]>().is_err() {
        errors.push(input.error(format_args!("expected `;` after {behind}")));
        // Most likely it stands for the semicolon.
        let _ = input.parse::<Token![,]>();
    }
}

fn resources(input: ParseStream, errors: &mut Errors) -> Vec<Resource> {
    let mut list = Vec::new();
    while !input.is_empty() && !input.peek(Token![;]) && !node::begins(input) {
        match resource(input, errors) {
            Ok(resource) => list.push(resource),
            Err(error) => {
                errors.push(error);
                skip_to_separator(input);
            }
        }
        if input.peek(Token![;]) || input.parse::<Token![,]>().is_ok() {
            continue;
        }
        // Another resource begins here, or the semicolon is missing.
        if (!input.peek(syn::Ident) && !input.peek(Token![mut]) && !input.peek(Token![&])) || node::begins(input) {
            break;
        }
        errors.at(input.span(), "missing `,` between two resources");
    }
    semicolon(input, "the resources", errors);
    list
}

fn resource(input: ParseStream, errors: &mut Errors) -> Result<Resource> {
    if input.peek(Token![&]) {
        errors.push(input.error("name the local only: `use name` lends `&name`, `use mut name` lends `&mut name`"));
        input.parse::<Token![&]>()?;
    }
    let mutable = input.parse::<Option<Token![mut]>>()?.is_some();
    if input.peek(Token![move]) {
        return Err(input.error(
            "a resource is lent, not moved: `use name` or `use mut name`; a node whose expression names it takes it itself",
        ));
    }
    if is_word(input, "clone") && input.peek2(syn::Ident) {
        errors.push(
            input.error("a resource is lent: write `use name` here, and `clone name` where a node takes a clone"),
        );
        input.parse::<Ident>()?;
    }
    if input.peek(token::Paren) || input.peek(token::Brace) || input.peek(token::Bracket) {
        return Err(input.error("resources are names between commas: `use a, mut b;`"));
    }
    let lent = if mutable { "&mut " } else { "&" };
    if input.peek(Token![self]) || input.peek2(Token![.]) || input.peek2(Token![::]) || input.peek(Token![::]) {
        let (place, field) = place(input);
        return Err(input.error(match field {
            Some(field) => {
                format!("only a local can be lent: make one above the block, `let {field} = {lent}{place};`")
            }
            None => format!(
                "`{place}` can't be lent: make a local of what the nodes use, `let world = {lent}{place}.world;`"
            ),
        }));
    }
    let name = identifier(input, "the name of a local")?;
    if input.peek(Token![as]) || input.peek(Token![=]) {
        // `local as name`, `name = local`.
        let error =
            |help| input.error(format_args!("a resource keeps its name: make a local above the block, `{help}`"));
        let (other, other_is_new) = (input.cursor().token_tree(), input.peek(Token![as]));
        let other =
            other.and_then(|(_, rest)| rest.ident()).map_or_else(|| String::from("other"), |(it, _)| it.to_string());
        return Err(error(match other_is_new {
            true => format!("let {other} = {lent}{name};"),
            false => format!("let {name} = {lent}{other};"),
        }));
    }
    if input.peek(Token![:]) {
        errors.push(input.error(format_args!("a resource has the type of its local: write `{name}` alone")));
        input.parse::<Token![:]>()?;
        // It may have commas of its own.
        if input.parse::<Type>().is_err() {
            skip_to_separator(input);
        }
    }
    Ok(Resource { mutable, name })
}

/// What stands here up to the next comma, as text, and the last name in it if there are several.
fn place(input: ParseStream) -> (String, Option<Ident>) {
    let (mut text, mut last, mut names) = (String::new(), None, 0);
    let mut rest = input.cursor();
    while let Some((tree, next)) = rest.token_tree().filter(|(tree, _)| !is_separator(tree)) {
        text += &tree.to_string();
        if let TokenTree::Ident(name) = tree {
            names += 1;
            last = Some(name);
        }
        rest = next;
    }
    (text, last.filter(|_| names > 1))
}
