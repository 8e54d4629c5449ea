//! One node: its expression, with what it uses lent to it and its `if` around it. The same in both forms.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprBlock, token};

use super::super::check::Source;
use super::super::parse::{Input, Mode, Node, ungrouped};
use super::{Context, local};
use crate::tuple::tuple;

/// How a form gives its values to nodes. `place` is where the user names the value: what is wrong with it is shown there.
pub trait Lend {
    /// What implements the runtime's `Read`, to lend the value shared.
    fn shared(&self, source: Source, place: Span) -> TokenStream;

    /// The call that lends the value exclusively to `closure`, which has it as its one parameter.
    fn exclusive(&self, source: Source, place: Span, closure: TokenStream) -> TokenStream;

    /// The value itself.
    fn taken(&self, source: Source, place: Span) -> TokenStream;
}

/// What a node does.
struct Work {
    /// How many values are lent to it shared.
    read: usize,
    /// What lends them, and the closure that takes them.
    arguments: TokenStream,
}

/// How many values one call lends shared. (A closure a value would take rustc a time that grows with their square.)
const MOST_READ: usize = 12;

/// The name by which the expansion calls a parameter that the user doesn't: a task that a background node comes after.
fn handle(node: usize) -> Ident {
    local("handle", node)
}

impl<'a> Context<'a> {
    /// The call that runs the node, if `needed` is true where it is given; gives its result, if it succeeds.
    pub fn call(self, at: usize, form: &impl Lend, needed: Option<&TokenStream>) -> TokenStream {
        let node = &self.model.nodes[at];
        let on = if self.model.is_background(at) { self.background(at, form) } else { self.foreground(at, form) };
        let on = self.run(at, &on, needed);
        let Some(off) = is_off(&node.attrs) else { return on };
        let nothing = self.run(at, &self.off(at, form), needed);
        quote_spanned! {Span::mixed_site()=> {
            #[cfg(not(#off))] { #on }
            #[cfg(#off)] { #nothing }
        }}
    }

    /// The call for this work.
    fn run(self, at: usize, work: &Work, needed: Option<&TokenStream>) -> TokenStream {
        let node = &self.model.nodes[at];
        let (private, span, number) = (self.private, node_span(node), number(at));
        let number = match needed {
            Some(needed) => quote_spanned!(Span::mixed_site()=> #private::given(#needed, #number)),
            None => number.into_token_stream(),
        };
        let fails = if self.may_fail(at) { "_try" } else { "" };
        let Work { read, arguments } = work;
        if node.name.is_some() {
            let method = match read {
                0 => format_ident!("run{fails}", span = span),
                _ => format_ident!("read{read}{fails}", span = span),
            };
            return quote_spanned!(span=> __micropool_block.#method(#number, #arguments));
        }
        // The result of `_` goes at once. (A background node's handle too: that detaches the task.)
        let (method, effect) =
            (format_ident!("run{fails}", span = span), format_ident!("effect{fails}", span = Span::mixed_site()));
        let closure = match read {
            0 => arguments.clone(),
            _ => {
                let read = format_ident!("read{read}", span = Span::mixed_site());
                quote_spanned!(span=> || #private::#read(#arguments))
            }
        };
        quote_spanned!(span=> __micropool_block.#method(#number, || #private::#effect(#closure)))
    }

    fn may_fail(self, at: usize) -> bool {
        self.model.fallible && !self.model.is_background(at)
    }

    fn foreground(self, at: usize, form: &impl Lend) -> Work {
        let node = &self.model.nodes[at];
        let (clones, expr, span) = (self.clones(at), expression(node), node_span(node));
        let private = self.private_at(span);
        let returns = match &self.model.error {
            Some(error) if self.model.fallible => {
                quote_spanned!(Span::mixed_site()=> -> #private::std_core::result::Result<_, #error>)
            }
            _ => TokenStream::new(),
        };
        let inner = match (&node.condition, clones.is_empty() && returns.is_empty()) {
            (Some(condition), _) => {
                let when = Ident::new(if self.model.fallible { "when_try" } else { "when" }, Span::mixed_site());
                let condition = self.condition(at, condition, false);
                let user = quote_spanned!(span=> || #returns { #clones #expr });
                quote_spanned!(span=> #private::#when(#condition, #user))
            }
            // The innermost closure that lends, or the one that runs, is the user's own.
            (None, true) => expr,
            (None, false) => {
                let user = quote_spanned!(span=> || #returns { #clones #expr });
                quote_spanned!(span=> #private::call(#user))
            }
        };
        self.lent(at, form, inner, true)
    }

    /// What a node does that is off: it ends what would have been moved into it.
    fn off(self, at: usize, form: &impl Lend) -> Work {
        let private = self.private;
        let mut nothing = quote_spanned!(Span::mixed_site()=> #private::off());
        if self.model.nodes[at].condition.is_some() {
            nothing = quote_spanned!(Span::mixed_site()=> #private::std_core::option::Option::Some(#nothing));
        }
        if self.may_fail(at) {
            nothing = quote_spanned!(Span::mixed_site()=> #private::std_core::result::Result::Ok(#nothing));
        }
        if self.model.is_background(at) {
            let (head, used) = (self.head(at), used(self.tasks(at)));
            nothing = self.spawn(at, &quote_spanned!(Span::mixed_site()=> #head { #used #nothing }));
        }
        self.lent(at, form, nothing, false)
    }

    /// `inner` with the node's inputs in scope; of a node that is off, those that it ends.
    fn lent(self, at: usize, form: &impl Lend, inner: TokenStream, on: bool) -> Work {
        let node = &self.model.nodes[at];
        let span = node_span(node);
        let private = self.private_at(span);
        let inputs =
            || node.inputs.iter().zip(&self.model.sources[at]).filter(|(input, _)| on || input.mode == Mode::Move);
        let taken = inputs().filter(|(input, _)| input.mode == Mode::Move).map(|(Input { name, .. }, &source)| {
            let taken = form.taken(source, place(name));
            quote_spanned!(Span::mixed_site()=> let #name = #taken;)
        });
        let taken: TokenStream = taken.collect();
        let used = used(inputs().map(|(input, _)| &input.name).filter(|name| !(on && is_used(name, node))));
        let mut body = match taken.is_empty() && used.is_empty() {
            true => inner,
            false => quote_spanned!(span=> { #taken #used #inner }),
        };
        for (Input { name, .. }, &source) in inputs().filter(|(input, _)| input.mode == Mode::Mut) {
            body = form.exclusive(source, place(name), quote_spanned!(span=> |#name| #body));
        }
        let read = inputs()
            .filter(|(input, _)| matches!(input.mode, Mode::Read | Mode::Clone))
            .map(|(input, &source)| (input.name.clone(), source));
        let handles = self.model.handles[at].iter().map(|&node| (handle(node), Source::Node(node)));
        let shared: Vec<(Ident, Source)> = handles.chain(read).collect();
        let mut work = Work { read: 0, arguments: quote_spanned!(span=> || #body) };
        for group in shared.rchunks(MOST_READ) {
            if work.read > 0 {
                let (call, arguments) = (format_ident!("read{}", work.read, span = Span::mixed_site()), work.arguments);
                body = quote_spanned!(span=> #private::#call(#arguments));
            }
            let cells = group.iter().map(|(name, source)| form.shared(*source, place(name)));
            let names = group.iter().map(|(name, _)| name);
            let arguments = quote_spanned!(span=> #(&#cells,)* |#(#names),*| #body);
            work = Work { read: group.len(), arguments };
        }
        work
    }

    /// The node's `if`, which sees its inputs by `&`. `cloned`: where it stands, `clone` inputs are copies already.
    fn condition(self, at: usize, condition: &Expr, cloned: bool) -> TokenStream {
        let private = self.private_at(condition.span());
        let node = &self.model.nodes[at];
        let views = node.inputs.iter().filter_map(|Input { name, mode, .. }| {
            let view = match mode {
                Mode::Clone if cloned => quote_spanned!(Span::mixed_site()=> &#name),
                Mode::Read | Mode::Clone => return None,
                Mode::Mut => quote_spanned!(Span::mixed_site()=> &*#name),
                Mode::Move => quote_spanned!(Span::mixed_site()=> &#name),
            };
            let used = used([name]);
            Some(quote_spanned!(Span::mixed_site()=> let #name = #view; #used))
        });
        quote_spanned!(condition.span()=> #private::condition(|| { #(#views)* #condition }))
    }

    /// Copies of what is listed as `clone`, under the same names.
    fn clones(self, at: usize) -> TokenStream {
        let inputs = self.model.nodes[at].inputs.iter().filter(|input| input.mode == Mode::Clone);
        inputs
            .map(|Input { name, .. }| {
                let (place, used) = (place(name), used([name]));
                let private = self.private_at(place);
                quote_spanned!(place=> let #name = #private::std_core::clone::Clone::clone(#name); #used)
            })
            .collect()
    }

    /// A background node as a closure that spawns it.
    fn background(self, at: usize, form: &impl Lend) -> Work {
        let private = self.private;
        let node = &self.model.nodes[at];
        let span = node_span(node);
        let (clones, expr) = (self.clones(at), expression(node));
        let (head, used) = (self.head(at), used(self.tasks(at)));
        let inner = match &node.condition {
            None => {
                let body = if used.is_empty() { expr } else { quote_spanned!(span=> { #used #expr }) };
                let spawned = self.spawn(at, &quote_spanned!(span=> #head #body));
                quote_spanned!(Span::mixed_site()=> { #clones #spawned })
            }
            // It could start now, so now is when the `if` counts; and it may borrow.
            Some(condition) if !self.waits(at) => {
                let (condition, number) = (self.condition(at, condition, false), number(at));
                // One call for both outcomes: what is wrong with the result, rustc says there once.
                let closure = Ident::new("__micropool_closure", span);
                let some = quote_spanned!(span=> __micropool_block.once(#head #expr));
                let some = quote_spanned!(span=> #private::std_core::option::Option::Some(#some));
                let spawned = quote_spanned!(span=> __micropool_block.spawn_some(#number, #closure));
                quote_spanned! {Span::mixed_site()=> {
                    let #closure = if #condition { #clones #some } else { #private::std_core::option::Option::None };
                    #spawned
                }}
            }
            Some(condition) => {
                let condition = self.condition(at, condition, true);
                let closure = quote_spanned!(span=> #head {
                    let __micropool_condition = #condition;
                    #private::when(__micropool_condition, move || { #used #expr })
                });
                let spawned = self.spawn(at, &closure);
                quote_spanned!(Span::mixed_site()=> { #clones #spawned })
            }
        };
        self.lent(at, form, inner, true)
    }

    /// The inputs of a background node that are results of such nodes: in its closure these are what the tasks gave.
    fn tasks(self, at: usize) -> impl Iterator<Item = &'a Ident> {
        let inputs = self.model.nodes[at].inputs.iter().zip(&self.model.sources[at]);
        inputs
            .filter(move |(_, source)| matches!(source, Source::Node(from) if self.model.is_background(*from)))
            .map(|(input, _)| &input.name)
    }

    /// Whether a background node waits for others.
    fn waits(self, at: usize) -> bool {
        self.tasks(at).next().is_some() || !self.model.handles[at].is_empty()
    }

    /// The head of a background node's closure.
    fn head(self, at: usize) -> TokenStream {
        let span = node_span(&self.model.nodes[at]);
        if !self.waits(at) {
            return quote_spanned!(span=> move ||);
        }
        let (tasks, span) =
            (tuple(&self.tasks(at).collect::<Vec<_>>()), capture_span([&self.model.nodes[at]].into_iter()));
        quote_spanned!(span=> move |#tasks|)
    }

    /// The call that spawns a background node.
    fn spawn(self, at: usize, closure: &TokenStream) -> TokenStream {
        let (private, number, span) = (self.private, number(at), node_span(&self.model.nodes[at]));
        if !self.waits(at) {
            return quote_spanned!(span=> __micropool_block.spawn(#number, #closure));
        }
        let tasks = tuple(&self.tasks(at).collect::<Vec<_>>());
        let handles = self.model.handles[at].iter().map(|&node| handle(node));
        quote_spanned! {span=>
            __micropool_block.spawn_after(#number, #tasks, &[#(#handles as &dyn #private::AnyTask),*], #closure)
        }
    }
}

/// Statements that use these variables, whatever the user does with them: what he lists he needn't use. A name with `_` in
/// front says so itself.
fn used<'a>(names: impl IntoIterator<Item = &'a Ident>) -> TokenStream {
    let names = names.into_iter().filter(|name| !name.to_string().starts_with('_'));
    names.map(|name| quote_spanned!(Span::mixed_site()=> let _ = &#name;)).collect()
}

/// A number of nodes, or one of them by its number, as the runtime counts.
pub fn number(n: usize) -> u32 {
    u32::try_from(n).expect("no source has so many nodes")
}

/// Where an error about the whole expression (a capture that isn't `Send`) is shown.
pub fn node_span(node: &Node) -> Span {
    Span::mixed_site().located_at(node.expr.span())
}

/// Whether the node's expression or `if` uses the input, going by how names are written.
fn is_used(input: &Ident, node: &Node) -> bool {
    let is_input = |name: &Ident| name == input;
    names_a_value(node.expr.to_token_stream(), &is_input)
}

/// Where rustc shows a capture of these nodes that can't go to another thread: at the first expression that may capture
/// anything, or at an `if` where only that may.
pub fn capture_span<'a>(nodes: impl Iterator<Item = &'a Node> + Clone) -> Span {
    let mut places = nodes.clone().filter_map(|node| match &node.condition {
        _ if may_capture(&node.expr, node) => Some(node_span(node)),
        Some(condition) if may_capture(condition, node) => Some(Span::mixed_site().located_at(condition.span())),
        _ => None,
    });
    let first = || nodes.clone().next().map_or_else(Span::mixed_site, node_span);
    places.next().unwrap_or_else(first)
}

/// Whether there is a name that could be a local's, going by how names are written.
fn may_capture(expr: &Expr, node: &Node) -> bool {
    names_a_value(expr.to_token_stream(), &|name| {
        let local = name.to_string().starts_with(|first: char| first.is_lowercase() || first == '_');
        local && !node.inputs.iter().any(|input| input.name == *name)
    })
}

/// Whether a name that `wanted` wants stands where a value's may stand: it is no field or method, and nothing is called by it.
fn names_a_value(tokens: TokenStream, wanted: &dyn Fn(&Ident) -> bool) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: Option<usize>, all: &str| {
        let tree = at.and_then(|at| tokens.get(at));
        matches!(tree, Some(TokenTree::Punct(punct)) if all.contains(punct.as_char()))
    };
    tokens.iter().enumerate().any(|(at, tree)| match tree {
        TokenTree::Group(group) => names_a_value(group.stream(), wanted),
        TokenTree::Ident(name) => {
            let next = tokens.get(at + 1);
            let called = matches!(next, Some(TokenTree::Group(group)) if group.delimiter() != Delimiter::Bracket);
            let is_keyword = || syn::parse2::<Ident>(tree.clone().into()).is_err();
            let behind_path = at.checked_sub(1).is_some_and(|behind| {
                is(Some(behind), ":") || (is(Some(behind), ".") && !is(behind.checked_sub(1), "."))
            });
            let is_macro = is(Some(at + 1), "!") && matches!(tokens.get(at + 2), Some(TokenTree::Group(_)));
            !called && !is_macro && !behind_path && !is(Some(at + 1), ":") && wanted(name) && !is_keyword()
        }
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// The expression as the last one of a block of ours. There the braces of a block would be "unnecessary": they are ours.
pub fn expression(node: &Node) -> TokenStream {
    let mut expr = ungrouped(&node.expr).clone();
    if let Expr::Block(ExprBlock { block, .. }) = &mut expr {
        block.brace_token = token::Brace(node_span(node));
    }
    expr.into_token_stream()
}

/// The place of a name, with names that are ours.
pub fn place(name: &Ident) -> Span {
    name.span().resolved_at(Span::mixed_site())
}

/// The condition under which the node is off, if it may be.
pub fn is_off(attrs: &[Attribute]) -> Option<TokenStream> {
    let mut conditions = attrs.iter().filter(|attr| attr.path().is_ident("cfg")).filter_map(|attr| match &attr.meta {
        syn::Meta::List(list) => Some(&list.tokens),
        _ => None,
    });
    let first = conditions.next()?;
    Some(quote_spanned!(Span::mixed_site()=> not(all(#first #(, #conditions)*))))
}

/// The lint levels of a node, for its statement.
pub fn lints(node: &Node) -> TokenStream {
    let lints = node.attrs.iter().filter(|attr| !attr.path().is_ident("cfg") && !attr.path().is_ident("doc"));
    lints.map(Attribute::to_token_stream).collect()
}
