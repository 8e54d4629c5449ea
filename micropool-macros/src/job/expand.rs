//! From the job to Rust.
//!
//! All names of the expansion's own are hygienic (`mixed_site`), and no item stands where the body could see it. What
//! may fail to compile because of the user's types is located at those types, so that rustc's messages point there.
//! Traits are `::core`'s own: where the crate's path is wrong, rustc says so once, not once more for each of them.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Expr, FnArg, Pat, PatIdent, ReturnType, Signature, Type};

use super::check::{Job, Param, Runs};
use crate::errors::Errors;
use crate::ours::ours;
use crate::tuple::tuple;

/// The expansion of a right job.
pub fn right(job: &Job) -> TokenStream {
    let work = match job.runs {
        Runs::InPlace => named(job),
        Runs::Background | Runs::Shared => spawned(job),
    };
    let work = match &job.pool {
        Some(pool) => {
            let private = private(job);
            // By a `match` and not as an argument: a block or an `if` as an argument would have to be a pool itself, no
            // reference to one.
            let (borrowed, name) =
                (quote_spanned!(located_at(pool)=> &(#pool)), Ident::new("__micropool_pool", located_at(pool)));
            let result = (job.runs == Runs::InPlace).then(|| {
                let result = result(job);
                quote_spanned!(Span::mixed_site()=> -> #result)
            });
            let work = match result {
                Some(result) => quote_spanned!(Span::mixed_site()=> #result { #work }),
                None => work,
            };
            quote_spanned!(Span::mixed_site()=> match #borrowed { #name => #private::in_pool(#name, || #work) })
        }
        None => work,
    };
    function(job, &signature(job), &quote!({ #work }))
}

/// The expansion of a wrong job: its errors and the function, as callers expect it, with a body that is still checked.
pub fn wrong(job: &Job, errors: &Errors) -> TokenStream {
    let errors = errors.expression();
    let pool = job.pool.as_ref().map(|pool| {
        let krate = &job.krate;
        let pool = quote_spanned!(located_at(pool)=> &(#pool));
        quote_spanned!(Span::mixed_site()=> let _ = || { let _: &#krate::ThreadPool = #pool; };)
    });
    let mut sig = signature(job);
    if job.runs == Runs::InPlace {
        let body = job.body.stream();
        return function(job, &sig, &quote!({ let _ = #errors; #pool #body }));
    }
    let asyncness = sig.asyncness.take();
    (sig.constness, sig.abi) = (None, None);
    let lets = job.params.iter().enumerate().map(|(at, param)| {
        let (outer, Param { attrs, pat, ty, .. }) = (outer(job, at, param), param);
        let ty = without_impl(ty);
        match param.after {
            true => quote_spanned!(Span::mixed_site()=> let _ = #outer; #(#attrs)* let #pat: #ty = __micropool_error;),
            false => quote_spanned!(Span::mixed_site()=> #(#attrs)* let #pat = #outer;),
        }
    });
    let (result, body) = (result(job), body(job));
    let body = quote_spanned! {Span::mixed_site()=> {
        let __micropool_error = #errors;
        #pool
        let _ = #asyncness move || -> #result { #(#lets)* #body };
        __micropool_error
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

/// The body, as the one named job that it is: the statements of a function or closure with the function's own result, so
/// that `return`, `?` and coercions mean what they mean in the function.
fn named(job: &Job) -> TokenStream {
    let (private, name, body) = (private(job), &job.name, body(job));
    quote_spanned!(Span::mixed_site()=> let __micropool_job = #private::enter(#name); #body)
}

/// The body as the last expression of a block of ours. There the user's braces would be "unnecessary": they are ours.
fn body(job: &Job) -> Group {
    let mut body = job.body.clone();
    body.set_span(Span::mixed_site().located_at(body.span()));
    body
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
        let outer = outer(job, at, param);
        // Lint levels concern the body's variable.
        typed.attrs.retain(|attr| attr.path().is_ident("cfg"));
        *typed.pat =
            Pat::Ident(PatIdent { attrs: Vec::new(), by_ref: None, mutability: None, ident: outer, subpat: None });
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

/// The name of a background job's parameter for callers: its own, where it has just a name. Whoever reads the signature
/// sees it; but only a pool's expression may use it, so it's ours elsewhere: using a `_name` would draw a lint.
fn outer(job: &Job, at: usize, param: &Param) -> Ident {
    match &param.pat {
        Pat::Ident(PatIdent { by_ref: None, subpat: None, ident, .. }) => {
            if named_by_pool(job, &param.pat).is_some() {
                ident.clone()
            } else {
                ours(ident)
            }
        }
        _ => inner(at),
    }
}

/// The name of a parameter on its way to the body.
fn inner(at: usize) -> Ident {
    format_ident!("__micropool_parameter{at}", span = Span::mixed_site())
}

/// The same name, at the parameter's type.
fn located(at: usize, param: &Param) -> Ident {
    let mut name = inner(at);
    name.set_span(located_at(&param.ty));
    name
}

/// What spawns the body: a function of the expansion's own takes the parameters and the body, which is a closure over no
/// more than `self`. So whatever may not go to another thread is one argument of one call, located at its type.
fn spawned(job: &Job) -> TokenStream {
    let arguments = job.params.iter().enumerate().map(|(at, param)| argument(job, at, param));
    let (typed, start, body) = (typed(job), start(job), background_body(job));
    let place = match &job.sig.output {
        ReturnType::Type(_, ty) => located_at(ty),
        ReturnType::Default => located_at(&job.sig.ident),
    };
    // What isn't a parameter and can't go to another thread is `self`.
    let work = Ident::new("__micropool_work", job.sig.receiver().map_or(place, |this| located_at(&this.self_token)));
    let names: Vec<Ident> = job.params.iter().enumerate().map(|(at, param)| located(at, param)).collect();
    let passed = arguments_of(&names);
    let lent = arguments_of(&names.iter().map(|name| quote_spanned!(Span::mixed_site()=> &#name)).collect::<Vec<_>>());
    let call = quote_spanned!(place=> __micropool_start(#passed #work));
    let start = quote_spanned!(Span::mixed_site()=> { #start #call });
    quote_spanned! {Span::mixed_site()=> {
        #(#arguments)*
        let #work = #typed(#lent move |#(#names),*| #body);
        #start
    }}
}

/// Gives a parameter the expansion's own name. One that is off by `cfg` is `()` from here on.
fn argument(job: &Job, at: usize, param: &Param) -> TokenStream {
    let (name, outer) = (located(at, param), outer(job, at, param));
    let cfgs: Vec<&Attribute> = cfgs(param).collect();
    let conditions = cfgs.iter().filter_map(|cfg| cfg.meta.require_list().ok()).map(|cfg| &cfg.tokens);
    let off = (!cfgs.is_empty())
        .then(|| quote_spanned!(Span::mixed_site()=> #[cfg(not(all(#(#conditions),*)))] let #name = ();));
    quote_spanned!(Span::mixed_site()=> #off #(#cfgs)* let #name = #outer;)
}

fn cfgs(param: &Param) -> impl Iterator<Item = &Attribute> {
    param.attrs.iter().filter(|attr| attr.path().is_ident("cfg"))
}

/// clippy allows a function seven arguments, and we add one to the job's own: so many become a tuple.
const MOST_ARGUMENTS: usize = 6;

/// The job's parameters in a call of one of the expansion's own functions, in front of other arguments.
fn arguments_of(values: &[impl ToTokens]) -> TokenStream {
    match values.len() {
        ..=MOST_ARGUMENTS => quote_spanned!(Span::mixed_site()=> #(#values,)*),
        _ => quote_spanned!(Span::mixed_site()=> (#(#values,)*),),
    }
}

/// The same where the function is declared.
fn parameters_of(patterns: &[impl ToTokens], types: &[TokenStream]) -> TokenStream {
    match types.len() {
        ..=MOST_ARGUMENTS => quote_spanned!(Span::mixed_site()=> #(#patterns: #types,)*),
        _ => quote_spanned!(Span::mixed_site()=> (#(#patterns,)*): (#(#types,)*),),
    }
}

/// A function that tells rustc what a closure with these parameters gets, so that its body is checked with their types.
/// In a block of its own it isn't seen by the body.
fn typed(job: &Job) -> TokenStream {
    let Passed { generics, types, function, .. } = Passed::of(job);
    let types: Vec<TokenStream> = types.iter().map(|ty| quote_spanned!(Span::mixed_site()=> &#ty)).collect();
    let unnamed = vec![quote_spanned!(Span::mixed_site()=> _); types.len()];
    let parameters = parameters_of(&unnamed, &types);
    quote_spanned! {Span::mixed_site()=>
        ({
            fn __micropool_typed<#(#generics,)* R, F>(#parameters __micropool_work: F) -> F
            where
                F: #function,
            {
                __micropool_work
            }
            __micropool_typed
        })
    }
}

/// The function that hands the body and its parameters to the pool.
fn start(job: &Job) -> TokenStream {
    let (krate, private) = (&job.krate, private(job));
    let Passed { names, generics, types, tasks, function } = Passed::of(job);
    let parameters = parameters_of(&names, &types);
    let marker = quote_spanned!(Span::mixed_site()=> ::core::marker);
    let shared = job.runs == Runs::Shared;
    let (handle, sync) = match shared {
        true => ("SharedTask", Some(quote_spanned!(Span::mixed_site()=> + #marker::Sync))),
        false => ("Task", None),
    };
    let handle = Ident::new(handle, Span::mixed_site());
    let spawn = Ident::new(if shared { "spawn_shared_after" } else { "spawn_after" }, Span::mixed_site());
    let (name, tasks) = (&job.name, tuple(&tasks));
    let call = quote_spanned!(Span::mixed_site()=> #private::#spawn(#name, #tasks, &[], move |#tasks| __micropool_work(#(#names),*)));
    quote_spanned! {Span::mixed_site()=>
        fn __micropool_start<#(#generics,)* R, F>(#parameters __micropool_work: F) -> #krate::#handle<R>
        where
            #(#generics: #marker::Send + 'static,)*
            R: #marker::Send #sync + 'static,
            F: #function + #marker::Send + 'static,
        {
            #call
        }
    }
}

/// How the expansion's own functions write the parameters.
struct Passed {
    names: Vec<Ident>,
    /// What the body gets of each.
    generics: Vec<Ident>,
    /// What callers pass.
    types: Vec<TokenStream>,
    /// The names of those that are tasks.
    tasks: Vec<Ident>,
    /// The bound of the body.
    function: TokenStream,
}

impl Passed {
    fn of(job: &Job) -> Self {
        let krate = &job.krate;
        let all = || job.params.iter().enumerate();
        let generics: Vec<Ident> = all().map(|(at, _)| format_ident!("P{at}", span = Span::mixed_site())).collect();
        let types = all().map(|(at, param)| match (&generics[at], param.after) {
            (generic, true) => quote_spanned!(Span::mixed_site()=> #krate::Task<#generic>),
            (generic, false) => generic.to_token_stream(),
        });
        Self {
            names: all().map(|(at, _)| inner(at)).collect(),
            types: types.collect(),
            tasks: all().filter(|(_, param)| param.after).map(|(at, _)| inner(at)).collect(),
            function: quote_spanned!(Span::mixed_site()=> ::core::ops::FnOnce(#(#generics),*) -> R),
            generics,
        }
    }
}

/// What a background job's closure does: gives the parameters their names, then runs the body. All of them, also what a
/// pattern leaves unused: each is dropped when and in the order in which a function drops it.
fn background_body(job: &Job) -> TokenStream {
    let (result, named) = (result(job), named(job));
    let this = job.sig.receiver().map(|receiver| {
        let this = receiver.self_token;
        quote_spanned!(Span::mixed_site()=> let _ = &#this;)
    });
    let lets = job.params.iter().enumerate().map(|(at, param)| {
        let (name, Param { attrs, pat, .. }) = (inner(at), param);
        let used = named_by_pool(job, pat).map(|name| quote_spanned!(Span::mixed_site()=> let _ = &#name;));
        // A call: clippy takes a `_name` that is bound without any effect for a slip.
        let given = match pat {
            Pat::Ident(pat) if pat.ident.to_string().starts_with('_') => {
                quote_spanned!(Span::mixed_site()=> ::core::convert::identity(#name))
            }
            _ => name.to_token_stream(),
        };
        let whole = (outer(job, at, param) == name).then(|| quote_spanned!(Span::mixed_site()=> let #name = #name;));
        quote_spanned!(Span::mixed_site()=> #whole #(#attrs)* let #pat = #given; #used)
    });
    quote_spanned!(Span::mixed_site()=> -> #result { #this #(#lets)* #named })
}

/// The parameter's name, if the pool's expression names it: then it has a use even if the body has none.
fn named_by_pool<'a>(job: &Job, pat: &'a Pat) -> Option<&'a Ident> {
    fn names(tokens: TokenStream, name: &Ident) -> bool {
        tokens.into_iter().any(|tree| match tree {
            TokenTree::Ident(word) => word == *name,
            TokenTree::Group(group) => names(group.stream(), name),
            _ => false,
        })
    }
    let Pat::Ident(pat) = pat else { return None };
    let pool: &Expr = job.pool.as_ref()?;
    names(pool.to_token_stream(), &pat.ident).then_some(&pat.ident)
}
