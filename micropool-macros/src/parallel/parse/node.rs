//! One node: attributes, modifiers, name, inputs, `after`, `if`, `=>`, expression, and the comma behind it.

use proc_macro2::{Ident, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::buffer::Cursor;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, LitBool, LitInt, LitStr, Meta, Result, Token, token};

use super::names::{after, input_list, inputs, meant};
use super::{Block, Node, Place, behind_arrow, header, identifier, is_separator, is_word, skip_to_next};
use crate::errors::{Errors, did_you_mean};

/// Whether a node begins here, whatever else could stand here: an expression, a resource.
pub fn begins(input: ParseStream) -> bool {
    if input.peek(Token![#]) {
        return true;
    }
    if !input.peek(syn::Ident) && !input.peek(Token![_]) {
        return false;
    }
    if (is_word(input, "background") || is_word(input, "here")) && is_modifier(input) {
        return true;
    }
    let Some((_, mut rest)) = input.cursor().ident() else { return false };
    if let Some((_, _, behind)) = rest.group(proc_macro2::Delimiter::Parenthesis) {
        rest = behind;
    }
    behind_arrow(rest).is_some() || rest.ident().is_some_and(|(word, _)| word == "after" || word == "if")
}

pub fn node(input: ParseStream, block: &mut Block, errors: &mut Errors) -> Result<()> {
    let begin = input.fork();
    let (attrs, cost) = attributes(input, errors)?;
    if input.is_empty() || header::word(input).is_some() {
        let what = if input.is_empty() {
            "attributes stand in front of a node, and none follows"
        } else {
            "only nodes take attributes, what stands above them doesn't"
        };
        errors.on(begin.call(Attribute::parse_outer)?.last(), what);
        return Ok(());
    }
    if input.peek(Token![,]) {
        errors.on(input.parse::<Token![,]>()?, "one `,` between two nodes is enough");
        return Ok(());
    }
    let before = errors.len();
    let place = place(input, errors)?;
    let node = Node {
        attrs,
        cost,
        place,
        broken: errors.len() > before,
        name: None,
        inputs: Vec::new(),
        after: Vec::new(),
        condition: None,
        expr: nothing(),
    };
    let mut next = Some((node, Part::Name));
    while let Some((node, part)) = next {
        next = from(part, input, node, block, errors)?;
    }
    Ok(())
}

/// An expression that wasn't understood.
fn nothing() -> Expr {
    Expr::Verbatim(TokenStream::new())
}

/// The part of a node with which reading it begins.
enum Part {
    Name,
    After,
}

/// Reads `node` from `part` on. Gives the next node if its name and inputs have been read as the end of this one's
/// expression.
fn from(
    part: Part,
    input: ParseStream,
    mut node: Node,
    block: &mut Block,
    errors: &mut Errors,
) -> Result<Option<(Node, Part)>> {
    let head = match part {
        Part::Name => name(input, &mut node).and_then(|()| inputs(input, &mut node, errors)),
        Part::After => Ok(()),
    };
    let head = head.and_then(|()| conditions(input, &mut node, errors)).and_then(|()| arrow(input, &mut node));
    let behind = match head {
        Ok(arrow) => arrow,
        Err(error) => {
            errors.push(error);
            node.broken = true;
            match skip_to_arrow(input, &mut node) {
                Some(arrow) => arrow,
                None => {
                    skip_to_next(input);
                    block.nodes.push(node);
                    return Ok(None);
                }
            }
        }
    };
    let (expr, read) = expression(input, &node, behind);
    node.expr = expr;
    let next = read.and_then(|()| separator(input, &mut node, errors));
    block.nodes.push(node);
    next
}

fn name(input: ParseStream, node: &mut Node) -> Result<()> {
    if input.peek(Token![_]) {
        input.parse::<Token![_]>()?;
        return Ok(());
    }
    if input.peek(Token![let]) {
        return Err(input.error("a node has no `let`: write `name => expression`"));
    }
    node.name = Some(identifier(input, "the name of a node")?);
    Ok(())
}

/// `after …` and `if …`.
fn conditions(input: ParseStream, node: &mut Node, errors: &mut Errors) -> Result<()> {
    if is_word(input, "after") {
        after(input, node, errors)?;
        if input.peek(token::Paren) {
            errors.push(
                input.error(format_args!("inputs stand right behind the name: `{}(input) after …`", node.shown())),
            );
            inputs(input, node, errors)?;
        }
    }
    if input.peek(Token![if]) {
        input.parse::<Token![if]>()?;
        if input.peek(Token![=>]) {
            return Err(input.error(format_args!("expected a condition: `{} if CONDITION => …`", node.shown())));
        }
        let condition = input.parse::<Expr>()?;
        if let Some(place) = binds(&condition) {
            errors.at(
                place,
                "an `if` in front of `=>` binds no names: write `if matches!(value, PATTERN)` here, and `if let` in the \
                 expression",
            );
        }
        node.condition = Some(condition);
    }
    if is_word(input, "after") {
        return Err(input.error("`after` stands once, in front of `if`: `after (a, b)` for several"));
    }
    Ok(())
}

/// The `let` of a condition, also behind `&&`.
pub fn binds(condition: &Expr) -> Option<Span> {
    match condition {
        Expr::Let(expr) => Some(expr.let_token.span),
        Expr::Binary(both) => binds(&both.left).or_else(|| binds(&both.right)),
        _ => None,
    }
}

/// Reads `=>`; gives where it stands.
fn arrow(input: ParseStream, node: &mut Node) -> Result<Span> {
    if input.peek(Token![=>]) {
        return Ok(input.parse::<Token![=>]>()?.span());
    }
    Err(no_arrow(input, node))
}

/// What is said where `=>` should be.
fn no_arrow(input: ParseStream, node: &Node) -> syn::Error {
    let shown = node.shown();
    if (shown == "background" || shown == "here") && input.peek(Token![#]) {
        return input.error(format_args!("attributes stand in front of `{shown}`: `#[…] {shown} name => expression`"));
    }
    if input.peek(Token![->]) || input.peek(Token![=]) {
        return input.error(format_args!("write `=>` here: `{shown} => expression`"));
    }
    if input.peek(Token![:]) && !input.peek(Token![::]) {
        return input.error(format_args!("a node has the type of its expression: write `{shown} => expression`"));
    }
    let following = input.cursor().ident().map(|(word, _)| word.to_string());
    // A name and nothing else may be a word of the grammar, misspelled.
    if let Some(name) = &node.name
        && node.inputs.is_empty()
        && node.after.is_empty()
        && node.condition.is_none()
    {
        let meant = match &following {
            Some(word) => did_you_mean(&shown, ["background", "here"]).map(|modifier| format!("{modifier} {word}")),
            None if input.peek(Token![;]) => did_you_mean(&shown, ["nested"]).map(|header| format!("{header};")),
            None => None,
        };
        if let Some(meant) = meant {
            return syn::Error::new(
                name.span(),
                format_args!("a node has `=>` behind its name: did you mean `{meant}`?"),
            );
        }
    }
    let expected = format!("expected `=>` and the expression of `{shown}`");
    match following.and_then(|word| did_you_mean(&word, ["after"])) {
        Some(meant) => input.error(format_args!("{expected}: did you mean `{meant}`?")),
        None => input.error(expected),
    }
}

/// Goes on behind the arrow of this node, or behind what was written for it. Gives where that stands. What is skipped
/// may have been meant as inputs.
fn skip_to_arrow(input: ParseStream, node: &mut Node) -> Option<Span> {
    let (arrow, skipped) = skip_behind(input, behind_arrow).or_else(|| skip_behind(input, behind_wrong_arrow))?;
    node.inputs.extend(meant(skipped));
    Some(arrow)
}

/// Goes on where `behind` finds something in this node. Gives where that stands, and what is skipped.
fn skip_behind(
    input: ParseStream,
    behind: impl for<'a> Fn(Cursor<'a>) -> Option<Cursor<'a>>,
) -> Option<(Span, TokenStream)> {
    let found = input.step(|cursor| {
        let mut rest = *cursor;
        let mut skipped = TokenStream::new();
        while let Some((tree, next)) = rest.token_tree().filter(|(tree, _)| !is_separator(tree)) {
            if let Some(behind) = behind(rest) {
                return Ok(((tree.span(), skipped), behind));
            }
            skipped.extend([tree]);
            rest = next;
        }
        Err(cursor.error("not found"))
    });
    found.ok()
}

/// Behind `=` or `->`.
fn behind_wrong_arrow(cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    let (first, rest) = cursor.punct()?;
    match (first.as_char(), first.spacing()) {
        ('=', Spacing::Alone) => Some(rest),
        ('-', Spacing::Joint) => rest.punct().filter(|(second, _)| second.as_char() == '>').map(|(_, rest)| rest),
        _ => None,
    }
}

/// The node's expression as far as it was understood, and whether it was.
fn expression(input: ParseStream, node: &Node, arrow: Span) -> (Expr, Result<()>) {
    let shown = node.shown();
    let missing = format!("expected an expression: what does `{shown}` do?");
    if input.peek(Token![,]) || input.peek(Token![;]) {
        return (nothing(), Err(input.error(missing)));
    }
    if input.is_empty() || begins(input) {
        return (nothing(), Err(syn::Error::new(arrow, missing)));
    }
    match Expr::parse_with_earlier_boundary_rule(input) {
        Ok(expr) => (expr, Ok(())),
        Err(error) => (nothing(), Err(error)),
    }
}

/// What a fragment of a macro around, such as `$a:block`, holds; else the same.
pub fn ungrouped(mut expr: &Expr) -> &Expr {
    while let Expr::Group(group) = expr {
        expr = &group.expr;
    }
    expr
}

/// Between two nodes stands a comma, unless the first ends with a block, as in `match`.
fn separator(input: ParseStream, node: &mut Node, errors: &mut Errors) -> Result<Option<(Node, Part)>> {
    if input.is_empty() || input.parse::<Token![,]>().is_ok() {
        return Ok(None);
    }
    let block_like = matches!(
        ungrouped(&node.expr),
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
    let shown = node.shown();
    if input.peek(Token![;]) {
        let semicolon: Token![;] = input.parse()?;
        errors.on(semicolon, format_args!("nodes are separated by commas: write `,` behind `{shown}`"));
        return Ok(None);
    }
    if input.peek(Token![=>]) || is_word(input, "after") || input.peek(Token![if]) {
        if arrow_ahead(input)
            && let Some(next) = swallowed(node, errors)
        {
            return Ok(Some(next));
        }
        if !input.peek(Token![=>]) && !block_like {
            return Err(input.error("`after` and `if` stand in front of `=>`"));
        }
        if input.peek(Token![=>]) {
            return Err(
                input.error(format_args!("`{shown}` has its `=>` already: `,` separates it from the next node"))
            );
        }
    }
    if input.peek(Token![else]) && node.condition.is_some() {
        return Err(input.error(format_args!(
            "an `if` in front of `=>` has no `else`: without it `{shown}` is `None`; or write `{shown} => if … {{ … }} else {{ … }}`"
        )));
    }
    if !block_like {
        // The next node begins here, most likely: go on with it.
        let last = node.expr.to_token_stream().into_iter().last();
        errors.at(
            last.map_or_else(|| node.expr.span(), |tree| tree.span()),
            format_args!("missing `,` behind the node `{shown}`"),
        );
    }
    Ok(None)
}

/// Whether `=>` comes before the next comma or semicolon.
fn arrow_ahead(input: ParseStream) -> bool {
    let mut rest = input.cursor();
    loop {
        if behind_arrow(rest).is_some() {
            return true;
        }
        match rest.token_tree() {
            Some((tree, next)) if !is_separator(&tree) => rest = next,
            _ => return false,
        }
    }
}

/// The node whose name and inputs have been read as the end of this one's expression: `a => 1 + b(c) => 2`.
fn swallowed(node: &mut Node, errors: &mut Errors) -> Option<(Node, Part)> {
    let mut end: Vec<TokenTree> = node.expr.to_token_stream().into_iter().collect();
    let parentheses = match end.last()? {
        TokenTree::Group(group) => Some(group.stream()),
        _ => None,
    };
    if parentheses.is_some() {
        end.pop();
    }
    let name: Ident = syn::parse2(end.pop()?.into()).ok()?;
    let place = match end.last() {
        Some(TokenTree::Ident(word)) if word == "background" => Place::Background,
        Some(TokenTree::Ident(word)) if word == "here" => Place::Here,
        _ => Place::Anywhere,
    };
    errors.at(name.span(), format_args!("missing `,` in front of the node `{name}`"));
    node.expr = nothing();
    let mut next = Node {
        attrs: Vec::new(),
        cost: 1,
        place,
        broken: false,
        name: Some(name),
        inputs: Vec::new(),
        after: Vec::new(),
        condition: None,
        expr: nothing(),
    };
    let read = |content: ParseStream| input_list(content, &mut next.inputs, errors);
    if let Some(Err(error)) = parentheses.map(|list| read.parse2(list)) {
        errors.push(error);
    }
    Some((next, Part::After))
}

fn attributes(input: ParseStream, errors: &mut Errors) -> Result<(Vec<Attribute>, u64)> {
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
            behind_arrow(behind).is_some() || behind.ident().is_some_and(|(word, _)| word == "if")
        }
        Some((next, _)) => next != "if",
        None => false,
    }
}
