//! From the graph to Rust.
//!
//! All names of the expansion's own are hygienic (`mixed_site`): an expression of the user's sees its inputs and its
//! surroundings, nothing else. Items aren't hygienic, so none stands where an expression of the user's could see it; and
//! the user's items are seen by our patterns, so each name that we bind begins with `__micropool_`, or it could be taken
//! for a constant. Methods are called on references: a trait of the user's for all types can't come before them.
//! There is no `unsafe` in what is expanded: cells in the runtime check each use. Nor is there an `allow`, which a
//! `forbid` of the user's would make an error.

mod countdown;
mod nested;
mod node;
mod wrong;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::Attribute;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::check::{Form, Model};
use crate::ours::ours;

pub use wrong::wrong;

/// The expansion of a right graph.
pub fn right(model: &Model, krate: &TokenStream) -> TokenStream {
    let private = quote_spanned!(Span::mixed_site()=> #krate::__private);
    let cx = Context { model, private: &private };
    let value = match &model.form {
        Form::Nested(shape) => nested::expand(cx, shape.as_ref()),
        Form::Countdown => countdown::expand(cx),
    };
    match &model.pool {
        Some(pool) => {
            // By a `match` and not as an argument: a block or an `if` as an argument would have to be a pool itself, no
            // reference to one.
            let span = Span::mixed_site().located_at(pool.span());
            let (borrowed, name) = (quote_spanned!(span=> &(#pool)), Ident::new("__micropool_pool", span));
            quote_spanned!(Span::mixed_site()=> match #borrowed { #name => #private::in_pool(#name, || #value) })
        }
        None => value,
    }
}

/// What every part of the expansion reads.
#[derive(Clone, Copy)]
struct Context<'a> {
    model: &'a Model,
    /// The path of the crate's private module.
    private: &'a TokenStream,
}

/// A hygienic name for something that belongs to a node or a resource.
fn local(what: &str, number: usize) -> Ident {
    format_ident!("__micropool_{what}{number}", span = Span::mixed_site())
}

/// Locals, several in one `let`: each `let` is a scope in the one before, and what writes the debug information recurses into them.
fn locals(of: impl IntoIterator<Item = (TokenStream, TokenStream)>) -> TokenStream {
    const AT_ONCE: usize = 16;
    let of: Vec<_> = of.into_iter().collect();
    let groups = of.chunks(AT_ONCE).map(|group| {
        let (patterns, values): (Vec<_>, Vec<_>) = group.iter().cloned().unzip();
        quote_spanned!(Span::mixed_site()=> let (#(#patterns,)*) = (#(#values,)*);)
    });
    groups.collect()
}

/// Pairs of pairs: what is implemented for a pair then holds for any number.
fn pairs(of: &[TokenStream]) -> TokenStream {
    match of {
        [] => quote_spanned!(Span::mixed_site()=> ()),
        [one] => one.clone(),
        _ => {
            let (left, right) = of.split_at(of.len() / 2);
            let (left, right) = (pairs(left), pairs(right));
            quote_spanned!(Span::mixed_site()=> (#left, #right))
        }
    }
}

impl Context<'_> {
    /// The path of the private module in front of a call that takes a closure of the user's: rustc shows what is wrong
    /// with the closure where the path begins.
    fn private_at(self, place: Span) -> TokenStream {
        let tokens = self.private.clone().into_iter().map(|mut tree| {
            tree.set_span(tree.span().located_at(place));
            tree
        });
        tokens.collect()
    }

    /// The run, at the top of the block.
    fn block(self) -> TokenStream {
        let private = self.private;
        let error = self.model.error.as_ref().map(|error| quote_spanned!(Span::mixed_site()=> ::<#error>));
        let names = self.model.nodes.iter().map(|node| match &node.name {
            Some(name) => name.unraw().to_string(),
            None => String::from("_"),
        });
        quote_spanned! {Span::mixed_site()=>
            let __micropool_run = #private::Block #error ::new(&[#(#names),*]);
            let __micropool_block = &__micropool_run;
        }
    }

    /// The end of the block: its value, or what leaves it. `results` are those that exist, with how each is written at the end:
    /// also those that were moved, for a node that didn't run hasn't taken them.
    fn finish(self, results: &[(usize, TokenStream)]) -> TokenStream {
        let private = self.private;
        let finish = if self.model.fallible { "finish_try" } else { "finish" };
        let finish = Ident::new(finish, Span::mixed_site());
        let values: Vec<_> = results.iter().map(|(_, value)| value.clone()).collect();
        let names = results.iter().map(|&(node, _)| match self.model.moved[node] {
            true => quote_spanned!(Span::mixed_site()=> _),
            false => local("value", node).into_token_stream(),
        });
        let (values, names) = (pairs(&values), pairs(&names.collect::<Vec<_>>()));
        let value = self.value(|node| {
            let name = local("value", node);
            quote_spanned!(Span::mixed_site()=> #private::value(#name))
        });
        quote_spanned! {Span::mixed_site()=>
            #private::#finish(__micropool_run, #values, |#names| #value)
        }
    }

    /// The struct of results. Nothing of the user's but names and attributes stands in this block.
    fn value(self, result: impl Fn(usize) -> TokenStream) -> TokenStream {
        let private = self.private;
        let nodes = &self.model.nodes;
        let named: Vec<usize> = (0..nodes.len()).filter(|&node| nodes[node].name.is_some()).collect();
        // Of our making, so that no lint looks at them; a field's name isn't hygienic. Only where they get their values they are as
        // the user wrote them: there rustc says what is a keyword in his edition.
        let written: Vec<&Ident> = nodes.iter().filter_map(|node| node.name.as_ref()).collect();
        let fields: Vec<Ident> = written.iter().copied().map(ours).collect();
        let types: Vec<Ident> = named.iter().map(|&node| format_ident!("T{node}", span = Span::mixed_site())).collect();
        let docs = named.iter().map(|&node| {
            let docs = nodes[node].attrs.iter().filter(|attr| attr.path().is_ident("doc"));
            docs.map(Attribute::to_token_stream).collect::<TokenStream>()
        });
        let values = named.iter().map(|&node| match self.model.moved[node] {
            true => quote_spanned!(Span::mixed_site()=> ()),
            false => result(node),
        });
        // Written out, `-> () { () }` would be the "unneeded unit expression" of clippy.
        let into_tuple = match named[..] {
            [] => quote_spanned!(Span::mixed_site()=> pub fn into_tuple(self) {}),
            _ => quote_spanned! {Span::mixed_site()=>
                pub fn into_tuple(self) -> (#(#types,)*) { (#(self.#fields,)*) }
            },
        };
        quote_spanned! {Span::mixed_site()=> {
            #[derive(#private::std_core::fmt::Debug)]
            struct Parallel<#(#types),*> { #(#docs pub #fields: #types),* }
            impl<#(#types),*> Parallel<#(#types),*> {
                #into_tuple
            }
            Parallel { #(#written: #values),* }
        }}
    }
}
