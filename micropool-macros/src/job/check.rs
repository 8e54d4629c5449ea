//! From the function as written to the job that it means. Whatever is wrong is reported here, on the token that is
//! wrong; the model is as complete then as without errors.

use proc_macro2::{Group, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Attribute, Expr, FnArg, GenericArgument, LitStr, Pat, PathArguments, Receiver, ReturnType, Signature, Type,
    Visibility,
};

use super::lifetimes::{self, Borrowed};
use super::parse::{Function, Options};
use crate::errors::Errors;

/// How a job runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Runs {
    InPlace,
    Background,
    /// In the background, with a handle that can be cloned.
    Shared,
}

/// A function that is a job.
pub struct Job {
    /// The path of the crate.
    pub krate: TokenStream,
    pub runs: Runs,
    pub pool: Option<Expr>,
    /// What timelines show.
    pub name: LitStr,
    pub attrs: Vec<Attribute>,
    pub vis: Visibility,
    /// As written, without `#[after]`.
    pub sig: Signature,
    /// Those but `self`.
    pub params: Vec<Param>,
    pub body: Group,
}

/// A parameter other than `self`.
pub struct Param {
    pub attrs: Vec<Attribute>,
    pub pat: Pat,
    /// What the body gets.
    pub ty: Type,
    /// Whether callers pass a task of it.
    pub after: bool,
}

/// Reports what is wrong.
pub fn check(options: Options, function: Function, errors: &mut Errors) -> Job {
    let Function { attrs, vis, mut sig, body } = function;
    let params = params(&mut sig, errors);
    let runs = runs(&options, &params, errors);
    let job = Job {
        krate: match options.krate {
            Some(path) => path.into_token_stream(),
            None => quote_spanned!(Span::mixed_site()=> ::micropool),
        },
        runs,
        pool: options.pool,
        name: options.name.unwrap_or_else(|| LitStr::new(&sig.ident.unraw().to_string(), sig.ident.span())),
        attrs,
        vis,
        sig,
        params: params.into_iter().map(|(param, _)| param).collect(),
        body,
    };
    qualifiers(&job, errors);
    if runs != Runs::InPlace {
        outlives_its_call(&job, errors);
    }
    job
}

/// The parameters, each with its `#[after]`, which is taken out of the signature.
fn params(sig: &mut Signature, errors: &mut Errors) -> Vec<(Param, Option<Attribute>)> {
    let mut params = Vec::new();
    for input in &mut sig.inputs {
        let attrs = match input {
            FnArg::Receiver(receiver) => &mut receiver.attrs,
            FnArg::Typed(typed) => &mut typed.attrs,
        };
        let (mut afters, attrs_left): (Vec<_>, Vec<_>) =
            std::mem::take(attrs).into_iter().partition(|attr| attr.path().is_ident("after"));
        attrs.clone_from(&attrs_left);
        for twice in afters.drain(1.min(afters.len())..) {
            errors.on(twice, "`#[after]` is given twice: keep one");
        }
        let after = afters.pop();
        match input {
            FnArg::Receiver(_) => {
                if let Some(after) = after {
                    errors.on(after, "`self` can't be a task: make it a parameter with a name");
                }
            }
            FnArg::Typed(typed) => {
                let param = Param {
                    attrs: attrs_left,
                    pat: (*typed.pat).clone(),
                    ty: (*typed.ty).clone(),
                    after: after.is_some(),
                };
                if let Some(after) = &after {
                    after_is_right(&param, after, errors);
                }
                params.push((param, after));
            }
        }
    }
    params
}

fn after_is_right(param: &Param, after: &Attribute, errors: &mut Errors) {
    if after.meta.require_path_only().is_err() {
        errors.on(after, "`#[after]` takes no value: callers pass the task as this parameter");
    }
    if let Some(cfg) = param.attrs.iter().find(|attr| attr.path().is_ident("cfg")) {
        errors.on(cfg, "a parameter marked `#[after]` can't be off by `cfg`: write two functions, each with its `cfg`");
    }
    if let Some(result) = result_of_task(&param.ty) {
        let result = shown(result);
        errors.on(
            &param.ty,
            format_args!("write what the body gets, `{result}`: `#[after]` makes it a `Task<{result}>` for callers"),
        );
    }
}

/// `P` of a type that is written `Task<P>`.
fn result_of_task(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Task")?;
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
            Some(GenericArgument::Type(result)) => Some(result),
            _ => None,
        },
        _ => None,
    }
}

/// How the job runs; where options that only go with `background` come without it, that is what was forgotten.
fn runs(options: &Options, params: &[(Param, Option<Attribute>)], errors: &mut Errors) -> Runs {
    let background = options.background.is_some();
    if let (Some(shared), false) = (&options.shared, background) {
        errors.on(shared, "`shared` is for background jobs: write `background, shared`, or leave it out");
    }
    let after = params.iter().find_map(|(_, after)| after.as_ref());
    if let (Some(after), false, None) = (after, background, &options.shared) {
        errors.on(after, "`#[after]` is for background jobs: write `#[job(background)]`, or take the task's result");
    }
    match (options.shared.is_some(), background || after.is_some()) {
        (true, _) => Runs::Shared,
        (false, true) => Runs::Background,
        (false, false) => Runs::InPlace,
    }
}

fn qualifiers(job: &Job, errors: &mut Errors) {
    let sig = &job.sig;
    if let Some(token) = &sig.asyncness {
        let help = match job.runs {
            Runs::InPlace => "write `fn`, or `#[job(background)]` and `fn` for a `Task` to await",
            Runs::Background => "write `fn`; callers can await the `Task` that they get",
            Runs::Shared => {
                "write `fn`; callers can await the `SharedTask` that they get by reference: `(&task).await`"
            }
        };
        errors.on(token, format_args!("a thread of the pool runs a job, so it can't be `async`: {help}"));
    }
    if let Some(token) = &sig.constness {
        errors.on(token, "a job runs when the program does, so it can't be `const`: write `fn`");
    }
    // Elsewhere the body is the function's own.
    let in_closure = job.runs != Runs::InPlace || job.pool.is_some();
    if let Some(attr) = job.attrs.iter().find(|attr| attr.path().is_ident("track_caller") && in_closure) {
        errors.on(
            attr,
            "`#[track_caller]` has no effect on a job whose body is a closure: leave it out, or take a `&'static Location<'static>`",
        );
    }
}

/// What goes beyond the call mustn't borrow from the caller.
fn outlives_its_call(job: &Job, errors: &mut Errors) {
    let sig = &job.sig;
    if let Some(abi) = sig.abi.as_ref().filter(|abi| abi.name.as_ref().is_none_or(|name| name.value() != "Rust")) {
        errors.on(
            abi,
            "a background job returns a `Task`, which foreign code can't take: call the job from such a function",
        );
    }
    if let ReturnType::Type(_, ty) = &sig.output
        && let Type::Never(never) = &**ty
    {
        errors.on(never, "a `Task` of `!` never gives a result: leave `-> !` out");
    }
    let mut found = Vec::new();
    for input in &sig.inputs {
        match input {
            FnArg::Receiver(receiver) => self_is_owned(receiver, errors, &mut found),
            FnArg::Typed(typed) => found.extend(lifetimes::borrowed(&typed.ty)),
        }
    }
    // A borrowed result has its lifetime from a parameter, mostly: that is the mistake then.
    if let (ReturnType::Type(_, ty), true) = (&sig.output, found.is_empty() && errors.is_empty()) {
        found.extend(lifetimes::borrowed(ty).into_iter().filter(Borrowed::is_named));
    }
    for borrowed in found {
        errors.on(borrowed.tokens(), borrowed.message());
    }
}

fn self_is_owned<'a>(receiver: &'a Receiver, errors: &mut Errors, found: &mut Vec<Borrowed<'a>>) {
    let Some((and, lifetime)) = &receiver.reference else {
        if receiver.colon_token.is_some() {
            found.extend(lifetimes::borrowed(&receiver.ty));
        }
        return;
    };
    if lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static") {
        return;
    }
    let (mutability, this) = (receiver.mutability, receiver.self_token);
    let written = if mutability.is_some() { "&mut self" } else { "&self" };
    let tokens = quote_spanned!(and.span()=> #and #lifetime #mutability #this);
    let help = if mutability.is_some() { "" } else { ", `self: Arc<Self>`" };
    errors.on(
        tokens,
        format_args!(
            "a background job outlives its call and can't borrow `{written}`: take `self`{help}, or what it needs of it as parameters"
        ),
    );
}

/// A type as one would write it.
pub fn shown(ty: &Type) -> String {
    let mut shown = String::new();
    for word in ty.to_token_stream().to_string().split(' ') {
        let called = shown.ends_with(|last: char| last.is_alphanumeric()) && !shown.ends_with("mut");
        let glued = shown.is_empty()
            || shown.ends_with(['<', '&', '(', '[', ':', '\''])
            || word.starts_with([',', '<', '>', ')', ']', ':', ';'])
            || word.starts_with('(') && called;
        if !glued {
            shown.push(' ');
        }
        shown.push_str(word);
    }
    shown
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::super::parse;
    use super::*;

    fn checked(args: TokenStream, item: TokenStream) -> (Job, String) {
        let mut errors = Errors::default();
        let options = parse::options(args, &mut errors);
        let job = check(options, parse::function(item).expect("a function"), &mut errors);
        (job, errors.items().to_string())
    }

    #[test]
    fn what_runs_how() {
        let (job, errors) = checked(
            quote!(),
            quote!(
                fn f(&self, x: &str) -> &u8 {}
            ),
        );
        assert_eq!((job.runs, errors.as_str()), (Runs::InPlace, ""));
        let (job, errors) = checked(
            quote!(background),
            quote!(
                fn f(self: Arc<Self>, x: &'static str) -> u8 {}
            ),
        );
        assert_eq!((job.runs, errors.as_str()), (Runs::Background, ""));
        let (job, errors) = checked(
            quote!(shared, background),
            quote!(
                fn f() {}
            ),
        );
        assert_eq!((job.runs, errors.as_str()), (Runs::Shared, ""));
    }

    #[test]
    fn a_forgotten_background_is_assumed() {
        let (job, errors) = checked(
            quote!(shared),
            quote!(
                fn f() {}
            ),
        );
        assert_eq!(job.runs, Runs::Shared);
        assert!(errors.contains("`shared` is for background jobs"));
        let (job, errors) = checked(
            quote!(),
            quote!(
                fn f(#[after] x: u8) {}
            ),
        );
        assert_eq!(job.runs, Runs::Background);
        assert!(errors.contains("`#[after]` is for background jobs"));
    }

    #[test]
    fn the_name_is_the_functions_own() {
        assert_eq!(
            checked(
                quote!(),
                quote!(
                    fn r#type() {}
                )
            )
            .0
            .name
            .value(),
            "type"
        );
        assert_eq!(
            checked(
                quote!(name = "a b"),
                quote!(
                    fn f() {}
                )
            )
            .0
            .name
            .value(),
            "a b"
        );
    }

    #[test]
    fn after_leaves_the_signature() {
        let (job, errors) = checked(
            quote!(background),
            quote!(
                fn f(
                    a: u8,
                    #[allow(x)]
                    #[after]
                    b: u8,
                ) {
                }
            ),
        );
        assert_eq!(errors, "");
        let sig = job.sig.to_token_stream().to_string();
        assert!(sig.contains("allow") && !sig.contains("after"));
        assert_eq!(job.params.iter().map(|param| param.after).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn types_are_shown_as_written() {
        for ty in [
            "Vec<Option<&'a str>>",
            "[u8; 4]",
            "dyn Fn(&u8) -> u8 + Send",
            "std::path::Path",
            "&mut (u8, u16)",
            "fn() -> (u8, u8)",
        ] {
            assert_eq!(shown(&syn::parse_str(ty).expect("a type")), ty);
        }
    }
}
