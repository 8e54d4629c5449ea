//! The expansion of a wrong graph: its errors, and all that was understood, with types as far as they are known, so that
//! an editor goes on completing and showing. Nothing of it runs.
//!
//! What wasn't understood has the type of an error, which fits everywhere. With it rustc neither checks borrows nor asks
//! for types that it can't find: nothing is reported that only follows from our errors.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::super::parse::{Block, Input, Mode, Node, Place, Resource, binds};
use super::local;
use super::node::{expression, is_off, node_span};
use crate::errors::Errors;

pub fn wrong(block: &Block, krate: &TokenStream, fallible: bool, errors: &Errors) -> TokenStream {
    let private = quote_spanned!(Span::mixed_site()=> #krate::__private);
    let wrong = Wrong { block, private: &private, fallible };
    let errors = errors.expression();
    let pool = block.pool.iter().map(|pool| {
        let span = Span::mixed_site().located_at(pool.span());
        quote_spanned!(span=> let _: &#krate::ThreadPool = &(#pool);)
    });
    let ty = block.error.iter().map(|(_, ty)| {
        quote_spanned!(Span::mixed_site()=> let _: #private::std_core::option::Option<#ty> = #private::std_core::option::Option::None;)
    });
    let resources = wrong.resources().iter().enumerate().map(|(at, Resource { mutable, name })| {
        let local = resource(at);
        let lent = if *mutable { quote!(&mut #name) } else { quote!(&#name) };
        quote_spanned!(Span::mixed_site()=> let #local = #lent;)
    });
    let nodes = (0..block.nodes.len()).map(|at| {
        let (value, computed) = (value(at), wrong.node(at));
        quote_spanned!(node_span(&block.nodes[at])=> let #value = #computed;)
    });
    // Or rustc would say of their labels that nobody uses them.
    let jumps = block.jumps.iter().map(|jump| quote_spanned!(Span::mixed_site()=> if false { #jump }));
    quote_spanned! {Span::mixed_site()=> {
        let __micropool_error = #errors;
        #(#jumps)*
        #(#pool)*
        #(#ty)*
        #(#resources)*
        #(#nodes)*
        __micropool_error
    }}
}

/// The local of a node's result.
fn value(node: usize) -> Ident {
    local("value", node)
}

/// The local of what is lent.
fn resource(at: usize) -> Ident {
    local("resource", at)
}

struct Wrong<'a> {
    block: &'a Block,
    private: &'a TokenStream,
    fallible: bool,
}

impl Wrong<'_> {
    fn resources(&self) -> &[Resource] {
        self.block.resources.as_deref().unwrap_or(&[])
    }

    /// What a node makes of the results above it.
    fn node(&self, at: usize) -> TokenStream {
        let (node, private) = (&self.block.nodes[at], self.private);
        if node.expr.to_token_stream().is_empty() {
            return quote_spanned!(Span::mixed_site()=> __micropool_error);
        }
        let mut inner = self.expression(node);
        if let Some(condition) = &node.condition {
            let views = node.inputs.iter().map(|Input { mode, name, .. }| match mode {
                Mode::Read => TokenStream::new(),
                Mode::Mut => quote_spanned!(Span::mixed_site()=> let #name = &*#name; let _ = &#name;),
                Mode::Move | Mode::Clone => quote_spanned!(Span::mixed_site()=> let #name = &#name; let _ = &#name;),
            });
            inner = match binds(condition) {
                Some(_) => quote_spanned! {Span::mixed_site()=>
                    if #condition {
                        #private::std_core::option::Option::Some(#inner)
                    } else {
                        #private::std_core::option::Option::None
                    }
                },
                None => quote_spanned! {Span::mixed_site()=>
                    #private::when(#private::condition(|| { #(#views)* #condition }), || #inner)
                },
            };
        }
        let inputs = node.inputs.iter().map(|input| {
            let (name, lent) = (&input.name, self.lent(input, at));
            quote_spanned!(Span::mixed_site()=> let #name = #lent; let _ = &#name;)
        });
        let on = quote_spanned!(Span::mixed_site()=> #private::call(|| { #(#inputs)* #inner }));
        let Some(off) = is_off(&node.attrs) else { return on };
        let nothing = node
            .condition
            .is_some()
            .then(|| quote_spanned!(Span::mixed_site()=> #private::std_core::option::Option::Some));
        quote_spanned! {Span::mixed_site()=> {
            #[cfg(not(#off))] { #on }
            #[cfg(#off)] { #nothing (()) }
        }}
    }

    fn expression(&self, node: &Node) -> TokenStream {
        let (private, expr) = (self.private, expression(node));
        let tries = self.fallible && node.place != Place::Background;
        let body = quote_spanned!(Span::mixed_site()=> { #expr });
        if !tries {
            return quote_spanned!(Span::mixed_site()=> #private::call(|| #body));
        }
        let error = self.block.error.as_ref().map_or_else(|| quote!(_), |(_, ty)| ty.to_token_stream());
        quote_spanned! {Span::mixed_site()=>
            #private::value(#private::std_core::convert::From::from(
                #private::std_core::result::Result::ok(#private::call(|| -> #private::std_core::result::Result<_, #error> #body))
            ))
        }
    }

    /// What the node `at` gets of an input.
    fn lent(&self, input: &Input, at: usize) -> TokenStream {
        let (name, private) = (input.name.unraw(), self.private);
        let is = |other: &Ident| other.unraw() == name;
        let found = self.resources().iter().position(|other| is(&other.name)).map(resource);
        let found = match found {
            Some(resource) => Some(quote_spanned!(Span::mixed_site()=> *#resource)),
            None => {
                let above = &self.block.nodes[..at];
                above
                    .iter()
                    .position(|other| other.name.as_ref().is_some_and(is))
                    .map(|node| value(node).into_token_stream())
            }
        };
        let Some(found) = found else { return quote_spanned!(Span::mixed_site()=> __micropool_error) };
        match input.mode {
            Mode::Read => quote_spanned!(Span::mixed_site()=> &#found),
            Mode::Mut => quote_spanned!(Span::mixed_site()=> &mut #found),
            Mode::Move => found,
            Mode::Clone => quote_spanned!(Span::mixed_site()=> #private::std_core::clone::Clone::clone(&#found)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;

    fn tokens(text: &str) -> TokenStream {
        TokenStream::from_str(text).expect("it is lexed")
    }

    fn without_spaces(text: &str) -> String {
        text.split_whitespace().collect()
    }

    /// Each mistake, and what an editor must find in the expansion all the same.
    const BLOCKS: &[(&str, &[&str])] = &[
        // What names mean.
        ("a(b) => a.x(), c => d.y()", &["a.x()", "d.y()", "let b = __micropool_error;"]),
        (
            "a => x.f(), b(mut a, aa) if *aa => a.g(aa)",
            &["x.f()", "a.g(aa)", "*aa", "let a = &mut __micropool_value0;", "let aa = __micropool_error;"],
        ),
        (
            "in pool.it(); nested; use w; a(mut w) => w.f()",
            &["pool.it()", "w.f()", "let __micropool_resource0 = &w;", "let w = &mut *__micropool_resource0;"],
        ),
        // The grammar: nodes around the mistake, and the one that is wrong.
        ("a => x.f(), b => , c(a) => a.g()", &["x.f()", "a.g()", "let a = &__micropool_value0;"]),
        ("a => x.f(), b(a => 1) => a.g(), c => y.h()", &["x.f()", "a.g()", "y.h()"]),
        ("a => x.f(), b[a] => a.g()", &["x.f()", "a.g()", "let a = &__micropool_value0;"]),
        ("a => x.f(), b after (move a) => a.g()", &["x.f()", "a.g()", "let a = &__micropool_value0;"]),
        ("a => x.f(), b(&a) if => a.g()", &["x.f()", "a.g()", "let a = &__micropool_value0;"]),
        ("a => x.f() b => y.g(), c => z.h()", &["x.f()", "y.g()", "z.h()"]),
        ("a => x.f(); b -> y.g(), c = z.h()", &["x.f()", "y.g()", "z.h()"]),
        ("a => x.f(), b => 1 + c(a) if a.y() => a.z()", &["x.f()", "a.y()", "a.z()", "let a = &__micropool_value0;"]),
        ("a => x.f(), let b = y.g(), d => z.", &["x.f()", "y.g()"]),
        ("in x.pool() a => y.f()", &["x.pool()", "y.f()"]),
        ("use &mut w, s.x, v as u, a(w) => w.f()", &["let __micropool_resource0 = &mut w;", "w.f()"]),
        ("a if let Some(x) = y.f() => x.g()", &["let Some(x) = y.f()", "x.g()"]),
        ("a => 1, use w; b(w) => w.f()", &["let w = &*__micropool_resource0;", "w.f()"]),
    ];

    #[test]
    fn what_is_understood_is_expanded() {
        for (block, expected) in BLOCKS {
            for fallible in [false, true] {
                let expanded = crate::parallel::block(tokens(block), fallible);
                let text = without_spaces(&expanded.to_string());
                assert!(text.contains("compile_error"), "{block} is right");
                syn::parse2::<syn::Expr>(expanded).expect("an expression");
                for expected in *expected {
                    assert!(text.contains(&without_spaces(expected)), "{expected} is lost from {block}:\n{text}");
                }
            }
        }
    }

    #[test]
    fn each_error_stands_there_once() {
        let expanded = crate::parallel::block(tokens("a(x) => 1, b(x, a) => 2, c(a, b) => 3"), false).to_string();
        assert_eq!(expanded.matches("compile_error").count(), 2, "{expanded}");
    }
}
