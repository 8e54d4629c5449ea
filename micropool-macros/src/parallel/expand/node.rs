//! One node: its expression, with what it uses lent to it and its `if` around it. The same in both forms.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprBlock, token};

use super::super::check::Source;
use super::super::parse::{Input, Mode, Node};
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

/// How many values one call lends shared. (A closure a value would take rustc a time that grows with their square.)
const MOST_READ: usize = 12;

/// The name by which the expansion calls a parameter that the user doesn't: a task that a background node comes after.
fn handle(node: usize) -> Ident {
    local("handle", node)
}

impl Context<'_> {
    /// The node as a closure that gives its result, for `Block::run` (or `run_try`, see [`Self::runner`]).
    pub fn closure(self, at: usize, form: &impl Lend) -> TokenStream {
        let node = &self.model.nodes[at];
        let body = if self.model.is_background(at) { self.background(at, form) } else { self.foreground(at, form) };
        if node.name.is_some() {
            return body;
        }
        // The result of `_` goes at once. (A background node's handle too: that detaches the task.)
        let private = self.private;
        let effect = if self.may_fail(at) { "effect_try" } else { "effect" };
        let effect = Ident::new(effect, Span::mixed_site());
        quote_spanned!(Span::mixed_site()=> || #private::#effect(#body))
    }

    /// The method that runs the closure of a node.
    pub fn runner(self, at: usize) -> Ident {
        Ident::new(if self.may_fail(at) { "run_try" } else { "run" }, Span::mixed_site())
    }

    fn may_fail(self, at: usize) -> bool {
        self.model.fallible && !self.model.is_background(at)
    }

    fn foreground(self, at: usize, form: &impl Lend) -> TokenStream {
        let private = self.private;
        let node = &self.model.nodes[at];
        let clones = self.clones(at);
        let expr = with_cfg(&node.attrs, expression(node));
        let span = node_span(node);
        let returns = match &self.model.error {
            Some(error) => {
                quote_spanned!(Span::mixed_site()=> -> #private::std_core::result::Result<_, #error>)
            }
            None => TokenStream::new(),
        };
        let returns = if self.model.fallible { returns } else { TokenStream::new() };
        let expr = match (self.model.fallible, is_off(&node.attrs)) {
            // A node that may be off needs a `()` of the right type.
            (true, Some(off)) => {
                let user = expression(node);
                quote_spanned! {Span::mixed_site()=> {
                    #[cfg(not(#off))] { #user }
                    #[cfg(#off)] { #private::std_core::result::Result::Ok(()) }
                }}
            }
            _ => expr,
        };
        let inner = match (&node.condition, clones.is_empty() && returns.is_empty()) {
            (Some(condition), _) => {
                let when = Ident::new(if self.model.fallible { "when_try" } else { "when" }, Span::mixed_site());
                let condition = self.condition(at, condition, false);
                let user = quote_spanned!(span=> || #returns { #clones #expr });
                let private = self.private_at(span);
                quote_spanned!(span=> #private::#when(#condition, #user))
            }
            // The innermost closure that lends, or the one that runs, is the user's own.
            (None, true) => expr,
            (None, false) => {
                let user = quote_spanned!(span=> || #returns { #clones #expr });
                let private = self.private_at(span);
                quote_spanned!(span=> #private::call(#user))
            }
        };
        self.lent(at, form, inner)
    }

    /// `inner` behind `||`, with the node's inputs in scope.
    fn lent(self, at: usize, form: &impl Lend, inner: TokenStream) -> TokenStream {
        let node = &self.model.nodes[at];
        let span = node_span(node);
        let private = self.private_at(span);
        let mut body = inner;
        let inputs = || node.inputs.iter().zip(&self.model.sources[at]);
        let taken = inputs().filter(|(input, _)| input.mode == Mode::Move).map(|(Input { name, .. }, &source)| {
            let taken = form.taken(source, place(name));
            quote_spanned!(Span::mixed_site()=> #[allow(unused_variables)] let #name = #taken;)
        });
        let taken: TokenStream = taken.collect();
        if !taken.is_empty() {
            body = quote_spanned!(span=> { #taken #body });
        }
        for (Input { name, .. }, &source) in inputs().filter(|(input, _)| input.mode == Mode::Mut) {
            body = form.exclusive(source, place(name), quote_spanned!(span=> |#[allow(unused_variables)] #name| #body));
        }
        let read = inputs()
            .filter(|(input, _)| matches!(input.mode, Mode::Read | Mode::Clone))
            .map(|(input, &source)| (input.name.clone(), source));
        let handles = self.model.handles[at].iter().map(|&node| (handle(node), Source::Node(node)));
        let shared: Vec<(Ident, Source)> = handles.chain(read).collect();
        for group in shared.rchunks(MOST_READ) {
            let call = local("read", group.len());
            let cells = group.iter().map(|(name, source)| form.shared(*source, place(name)));
            let names = group.iter().map(|(name, _)| name);
            let closure = quote_spanned!(span=> |#(#[allow(unused_variables)] #names),*| #body);
            body = quote_spanned!(span=> #private::#call(#(&#cells,)* #closure));
        }
        quote_spanned!(span=> || #body)
    }

    /// The node's `if`, which sees its inputs by `&`. `cloned`: where it stands, `clone` inputs are copies already.
    fn condition(self, at: usize, condition: &Expr, cloned: bool) -> TokenStream {
        let private = self.private_at(condition.span());
        let node = &self.model.nodes[at];
        let views = node.inputs.iter().filter_map(|Input { mode, name }| match mode {
            Mode::Clone if cloned => {
                Some(quote_spanned!(Span::mixed_site()=> #[allow(unused_variables)] let #name = &#name;))
            }
            Mode::Read | Mode::Clone => None,
            Mode::Mut => Some(quote_spanned!(Span::mixed_site()=> #[allow(unused_variables)] let #name = &*#name;)),
            Mode::Move => Some(quote_spanned!(Span::mixed_site()=> #[allow(unused_variables)] let #name = &#name;)),
        });
        let condition = match is_off(&node.attrs) {
            Some(off) => quote_spanned! {Span::mixed_site()=> {
                #[cfg(not(#off))] { #condition }
                #[cfg(#off)] { true }
            }},
            None => condition.to_token_stream(),
        };
        quote_spanned!(condition.span()=> #private::condition(|| { #(#views)* #condition }))
    }

    /// Copies of what is listed as `clone`, under the same names.
    fn clones(self, at: usize) -> TokenStream {
        let private = self.private;
        let inputs = self.model.nodes[at].inputs.iter().filter(|input| input.mode == Mode::Clone);
        inputs
            .map(|Input { name, .. }| {
                quote_spanned! {place(name)=>
                    #[allow(unused_variables)]
                    let #name = #private::std_core::clone::Clone::clone(#name);
                }
            })
            .collect()
    }

    /// A background node as a closure that spawns it.
    fn background(self, at: usize, form: &impl Lend) -> TokenStream {
        let private = self.private;
        let node = &self.model.nodes[at];
        let span = node_span(node);
        let clones = self.clones(at);
        let expr = with_cfg(&node.attrs, expression(node));
        let tasks: Vec<Ident> = node
            .inputs
            .iter()
            .zip(&self.model.sources[at])
            .filter(|(_, source)| matches!(source, Source::Node(from) if self.model.is_background(*from)))
            .map(|(input, _)| input.name.clone())
            .collect();
        let waits = !tasks.is_empty() || !self.model.handles[at].is_empty();
        let (tasks, number) = (tuple(&tasks), number(at));

        let spawn = |closure: TokenStream| {
            if !waits {
                return quote_spanned!(span=> block.spawn(#number, #closure));
            }
            let handles = self.model.handles[at].iter().map(|&node| handle(node));
            quote_spanned! {span=>
                block.spawn_after(#number, #tasks, &[#(#handles as &dyn #private::AnyTask),*], #closure)
            }
        };
        let head = match waits {
            true => quote_spanned!(span=> move |#[allow(unused_variables)] #tasks|),
            false => quote_spanned!(span=> move ||),
        };
        let inner = match &node.condition {
            None => {
                let spawned = spawn(quote_spanned!(span=> #head #expr));
                quote_spanned!(Span::mixed_site()=> { #clones #spawned })
            }
            // It could start now, so now is when the `if` counts; and it may borrow.
            Some(condition) if !waits => {
                let condition = self.condition(at, condition, false);
                let spawned = spawn(
                    quote_spanned!(span=> move || #private::std_core::option::Option::Some(#private::call(move || #expr))),
                );
                quote_spanned! {Span::mixed_site()=>
                    if #condition { #clones #spawned } else { #private::task_done(#private::std_core::option::Option::None) }
                }
            }
            Some(condition) => {
                let condition = self.condition(at, condition, true);
                let spawned = spawn(quote_spanned!(span=> #head {
                    let condition = #condition;
                    #private::when(condition, move || #expr)
                }));
                quote_spanned!(Span::mixed_site()=> { #clones #spawned })
            }
        };
        self.lent(at, form, inner)
    }
}

/// A number of nodes, or one of them by its number, as the runtime counts.
pub fn number(n: usize) -> u32 {
    u32::try_from(n).expect("no source has so many nodes")
}

/// Where an error about the whole expression (a capture that isn't `Send`) is shown.
pub fn node_span(node: &Node) -> Span {
    Span::mixed_site().located_at(node.expr.span())
}

/// The expression as the last one of a block of ours. There the braces of a block would be "unnecessary": they are ours.
pub fn expression(node: &Node) -> TokenStream {
    let mut expr = node.expr.clone();
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

/// The expression, or `()` where the node is off.
fn with_cfg(attrs: &[Attribute], expr: TokenStream) -> TokenStream {
    match is_off(attrs) {
        Some(off) => quote_spanned! {Span::mixed_site()=> {
            #[cfg(not(#off))] { #expr }
            #[cfg(#off)] { }
        }},
        None => expr,
    }
}

/// The lint levels of a node, for its statement.
pub fn lints(node: &Node) -> TokenStream {
    let lints = node.attrs.iter().filter(|attr| !attr.path().is_ident("cfg") && !attr.path().is_ident("doc"));
    lints.map(Attribute::to_token_stream).collect()
}
