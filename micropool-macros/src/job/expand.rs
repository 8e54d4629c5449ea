//! From the job to Rust.
//!
//! All names of the expansion's own are hygienic (`mixed_site`), and no item stands where the body could see it. What
//! may fail to compile because of the user's types is located at those types, so that rustc's messages point there.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, FnArg, Pat, PatIdent, ReturnType, Signature, Type};

use super::check::{Job, Param, Runs};
use crate::errors::Errors;

/// The expansion of a right job.
pub fn right(job: &Job) -> TokenStream {
    let work = match job.runs {
        Runs::InPlace => named(job),
        Runs::Background | Runs::Shared => spawned(job),
    };
    let work = match &job.pool {
        Some(pool) => {
            let private = private(job);
            let pool = quote_spanned!(located_at(pool)=> &(#pool));
            quote_spanned!(Span::mixed_site()=> #private::in_pool(#pool, || #work))
        }
        None => work,
    };
    function(job, &signature(job), &quote!({ #work }))
}

/// The expansion of a wrong job: its errors and the function, as callers expect it, with a body that is still checked.
pub fn wrong(job: &Job, errors: &Errors) -> TokenStream {
    let error = errors.expression();
    let pool = job.pool.as_ref().map(|pool| {
        let krate = &job.krate;
        let pool = quote_spanned!(located_at(pool)=> &(#pool));
        quote_spanned!(Span::mixed_site()=> let _ = || { let _: &#krate::ThreadPool = #pool; };)
    });
    let mut sig = signature(job);
    if job.runs == Runs::InPlace {
        let body = job.body.stream();
        return function(job, &sig, &quote!({ let _ = #error; #pool #body }));
    }
    let asyncness = sig.asyncness.take();
    (sig.constness, sig.abi) = (None, None);
    let lets = job.params.iter().enumerate().map(|(at, param)| {
        let (outer, Param { attrs, pat, ty, .. }) = (outer(at, param), param);
        let ty = without_impl(ty);
        match param.after {
            true => quote_spanned!(Span::mixed_site()=> let _ = #outer; #(#attrs)* let #pat: #ty = #error;),
            false => quote_spanned!(Span::mixed_site()=> #(#attrs)* let #pat = #outer;),
        }
    });
    let (result, body) = (result(job), &job.body);
    let body = quote_spanned! {Span::mixed_site()=> {
        #pool
        let _ = #asyncness move || -> #result { #(#lets)* #body };
        #error
    }};
    function(job, &sig, &body)
}

fn function(job: &Job, sig: &Signature, body: &TokenStream) -> TokenStream {
    let Job { attrs, vis, .. } = job;
    quote!(#(#attrs)* #vis #sig #body)
}

/// The place of `tokens`, with names that are ours.
fn located_at(tokens: &impl Spanned) -> Span {
    Span::mixed_site().located_at(tokens.span())
}

fn private(job: &Job) -> TokenStream {
    let krate = &job.krate;
    quote_spanned!(Span::mixed_site()=> #krate::__private)
}

/// The body, as the one named job that it is. In a closure with the function's own result, `return`, `?` and coercions
/// mean what they mean in the function.
fn named(job: &Job) -> TokenStream {
    let (private, name, result, body) = (private(job), &job.name, result(job), &job.body);
    quote_spanned!(Span::mixed_site()=> #private::named(#name, || -> #result #body))
}

/// What the body gives, in the words of a closure.
fn result(job: &Job) -> TokenStream {
    match &job.sig.output {
        ReturnType::Default => quote_spanned!(Span::mixed_site()=> ()),
        ReturnType::Type(_, ty) => without_impl(ty).into_token_stream(),
    }
}

/// Closures can't say `impl Trait`: there it is inferred.
fn without_impl(ty: &Type) -> Type {
    struct Infer;
    impl VisitMut for Infer {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            match ty {
                Type::ImplTrait(_) => *ty = syn::parse_quote!(_),
                _ => visit_mut::visit_type_mut(self, ty),
            }
        }
    }
    let mut ty = ty.clone();
    Infer.visit_type_mut(&mut ty);
    ty
}

/// The function's signature for callers.
fn signature(job: &Job) -> Signature {
    let mut sig = job.sig.clone();
    let handle = match job.runs {
        Runs::InPlace => return sig,
        Runs::Background => Ident::new("Task", Span::mixed_site()),
        Runs::Shared => Ident::new("SharedTask", Span::mixed_site()),
    };
    let krate = &job.krate;
    let typed = sig.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    for (at, (typed, param)) in typed.zip(&job.params).enumerate() {
        let outer = outer(at, param);
        *typed.pat = Pat::Ident(PatIdent { attrs: Vec::new(), by_ref: None, mutability: None, ident: outer, subpat: None });
        if param.after {
            let ty = &param.ty;
            *typed.ty = Type::Verbatim(quote_spanned!(located_at(ty)=> #krate::Task<#ty>));
        }
    }
    let result = match &job.sig.output {
        // A handle of something that never comes can't be written; the error says so.
        ReturnType::Type(_, ty) if !matches!(**ty, Type::Never(_)) => ty.to_token_stream(),
        _ => quote_spanned!(Span::mixed_site()=> ()),
    };
    sig.output = syn::parse_quote_spanned!(Span::mixed_site()=> -> #krate::#handle<#result>);
    sig
}

/// The name of a background job's parameter for callers: its own, where it has just a name.
fn outer(at: usize, param: &Param) -> Ident {
    match &param.pat {
        Pat::Ident(PatIdent { by_ref: None, subpat: None, ident, .. }) => ident.clone(),
        _ => inner(at),
    }
}

/// A name for what a parameter becomes on its way to the body.
fn inner(at: usize) -> Ident {
    format_ident!("parameter{at}", span = Span::mixed_site())
}

/// The call that spawns the body.
fn spawned(job: &Job) -> TokenStream {
    let Job { krate, sig, params, .. } = job;
    let private = private(job);
    let place = match &sig.output {
        ReturnType::Type(_, ty) => located_at(ty),
        ReturnType::Default => located_at(&sig.ident),
    };
    let tasks: Vec<usize> = (0..params.len()).filter(|&at| params[at].after).collect();
    let carried = params.iter().enumerate().filter(|(_, param)| !param.after).map(|(at, param)| carry(job, at, param));
    let values = tasks.iter().map(|&at| inner(at));
    let body = background_body(job);
    let call = if tasks.is_empty() {
        let spawn = format_ident!("{}", if job.runs == Runs::Shared { "spawn_shared" } else { "spawn" }, span = place);
        // What isn't a parameter and can't go to another thread is `self`.
        let work = Ident::new("work", sig.receiver().map_or(place, |this| located_at(&this.self_token)));
        quote_spanned!(place=> let #work = move || #body; #krate::#spawn(#work))
    } else {
        let name = if job.runs == Runs::Shared { "spawn_shared_after" } else { "spawn_after" };
        let spawn = Ident::new(name, place);
        let tasks = tasks.iter().map(|&at| {
            let mut outer = outer(at, &params[at]);
            outer.set_span(outer.span().located_at(params[at].ty.span()));
            outer
        });
        quote_spanned!(place=> #private::#spawn((#(#tasks,)*), &[], move |(#(#values,)*)| #body))
    };
    quote_spanned!(Span::mixed_site()=> { #(#carried)* #call })
}

/// Makes a parameter something that may go to another thread whatever its type is: if it may not, that is reported here,
/// at the type, and not a second time for the closure that it is moved into.
fn carry(job: &Job, at: usize, param: &Param) -> TokenStream {
    let private = private(job);
    let (outer, inner) = (outer(at, param), inner(at));
    let cfgs = param.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    let mut argument = outer;
    argument.set_span(argument.span().located_at(param.ty.span()));
    let call = quote_spanned!(located_at(&param.ty)=> carry(#argument));
    quote_spanned! {Span::mixed_site()=>
        #(#cfgs)*
        let #inner = {
            fn carry<T>(value: T) -> impl #private::std_core::ops::FnOnce() -> T + #private::std_core::marker::Send + 'static
            where
                T: #private::std_core::marker::Send + 'static,
            {
                move || value
            }
            #call
        };
    }
}

/// What a background job's closure does: gives the parameters their names, all of them, so that each lives as long as
/// in a function, then runs the body.
fn background_body(job: &Job) -> TokenStream {
    let (result, named) = (result(job), named(job));
    let this = job.sig.receiver().map(|receiver| {
        let this = receiver.self_token;
        quote_spanned!(Span::mixed_site()=> let _ = &#this;)
    });
    let lets = job.params.iter().enumerate().map(|(at, param)| {
        let (inner, Param { attrs, pat, .. }) = (inner(at), param);
        let cfgs = attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
        let value = (!param.after).then(|| quote_spanned!(Span::mixed_site()=> #(#cfgs)* let #inner = #inner();));
        let used = uses(job.pool.as_ref(), pat)
            .then(|| quote_spanned!(Span::mixed_site()=> #[allow(unused_variables)]));
        quote_spanned!(Span::mixed_site()=> #value #(#attrs)* #used let #pat = #inner;)
    });
    quote_spanned!(Span::mixed_site()=> -> #result { #this #(#lets)* #named })
}

/// Whether the pool's expression names this parameter, which then has a use even if the body has none.
fn uses(pool: Option<&Expr>, pat: &Pat) -> bool {
    fn names(tokens: TokenStream, name: &Ident) -> bool {
        tokens.into_iter().any(|tree| match tree {
            TokenTree::Ident(word) => word == *name,
            TokenTree::Group(group) => names(group.stream(), name),
            _ => false,
        })
    }
    match (pool, pat) {
        (Some(pool), Pat::Ident(pat)) => names(pool.to_token_stream(), &pat.ident),
        _ => false,
    }
}
