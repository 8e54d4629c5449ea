//! One node: attributes, modifiers, name, inputs, `after`, `if`, `=>`, expression, and the comma behind it.

use proc_macro2::{Ident, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::buffer::Cursor;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, BinOp, Expr, ExprBinary, Result, Token, token};

use super::names::{after, input_list, inputs, meant};
use super::{Block, Node, Place, attributes, behind_arrow, header, identifier, is_separator, is_word, skip_to_next};
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
    let (attrs, cost) = attributes::of_a_node(input, errors)?;
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
    let attribute = attributes::of_an_expression(input, &shown);
    if attribute.is_none() && (input.is_empty() || begins(input)) {
        return (nothing(), Err(syn::Error::new(arrow, missing)));
    }
    match Expr::parse_with_earlier_boundary_rule(input) {
        Ok(expr) => (expr, attribute.map_or(Ok(()), Err)),
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
    if input.peek(Token![,])
        && let Some(error) = type_arguments(input, &node.expr)
    {
        node.expr = nothing();
        return Err(error);
    }
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

/// `Map<K, V>::new()` is a comparison up to its comma. Goes on behind the `>`, if that is what was written.
fn type_arguments(input: ParseStream, expr: &Expr) -> Option<syn::Error> {
    let Expr::Binary(ExprBinary { left, op: BinOp::Lt(less), .. }) = expr else { return None };
    let mut rest = input.cursor();
    let (mut seen, mut end) = (0, None);
    // Up to where only the next node can be.
    while let Some((tree, next)) = rest.token_tree() {
        seen += 1;
        match tree {
            TokenTree::Punct(punct) if punct.as_char() == '>' => end = Some(seen),
            TokenTree::Punct(punct) if matches!(punct.as_char(), '=' | '-' | ';') => break,
            TokenTree::Ident(word) if word == "if" || word == "after" => break,
            _ => {}
        }
        rest = next;
    }
    for _ in 0..end? {
        input.parse::<TokenTree>().ok()?;
    }
    let name = left.to_token_stream().to_string().replace(' ', "");
    Some(syn::Error::new_spanned(
        less,
        format_args!("type arguments in an expression stand behind `::`: write `{name}::<…>`"),
    ))
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
