//! From tokens to the options and the function as they are written.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, LitStr, Path, Result, Signature, Token, Visibility, braced, token};

use crate::errors::{Errors, did_you_mean};

const FLAGS: [&str; 2] = ["background", "shared"];
const KEYS: [&str; 3] = ["pool", "name", "crate"];

/// What stands in the attribute's parentheses.
#[derive(Default)]
pub struct Options {
    pub background: Option<Ident>,
    pub shared: Option<Ident>,
    pub pool: Option<Expr>,
    pub name: Option<LitStr>,
    pub krate: Option<Path>,
}

pub struct Function {
    pub attrs: Vec<Attribute>,
    pub vis: Visibility,
    pub sig: Signature,
    /// The body with its braces. Its tokens aren't looked at: rustc reads them, so that half-written code is an error
    /// of that code and not of the macro.
    pub body: Group,
}

/// Reads the options. A misspelled one counts as what was probably meant, so that the function gets the signature that
/// its callers expect.
pub fn options(args: TokenStream, errors: &mut Errors) -> Options {
    let mut options = Options::default();
    let parser = |input: ParseStream| {
        while !input.is_empty() {
            if let Err(error) = option(input, &mut options, errors) {
                errors.push(error);
                skip_to_comma(input);
            }
            separator(input, errors)?;
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(args) {
        errors.push(error);
    }
    options
}

fn option(input: ParseStream, options: &mut Options, errors: &mut Errors) -> Result<()> {
    if !input.peek(Ident::peek_any) {
        return Err(input.error(format_args!("expected an option: {}", known())));
    }
    let word = input.call(Ident::parse_any)?;
    let meant = meant(&word, errors)?;
    if KEYS.contains(&meant) {
        equals(input, &word, meant)?;
    }
    let twice = match meant {
        "background" => options.background.replace(word.clone()).is_some(),
        "shared" => options.shared.replace(word.clone()).is_some(),
        "pool" => options.pool.replace(input.parse()?).is_some(),
        "crate" => options.krate.replace(path(input)?).is_some(),
        _ => options.name.replace(name(input)?).is_some(),
    };
    if twice {
        errors.on(&word, format_args!("`{meant}` is given twice: keep one"));
    }
    if FLAGS.contains(&meant) { no_value(input, meant) } else { Ok(()) }
}

fn known() -> &'static str {
    "a job takes `background`, `shared`, `pool = EXPR`, `name = \"…\"` and `crate = path`"
}

/// The option that is meant by a word; if it isn't that word itself, the error is reported.
fn meant(word: &Ident, errors: &mut Errors) -> Result<&'static str> {
    let written = word.to_string();
    let all = || FLAGS.into_iter().chain(KEYS);
    if let Some(known) = all().find(|known| *known == written) {
        return Ok(known);
    }
    if let Some(other) = did_you_mean(&written, all()) {
        errors.on(word, format_args!("a job has no option `{written}`: did you mean `{other}`?"));
        return Ok(other);
    }
    let help = match written.as_str() {
        "after" => "`#[after]` stands on the parameter that the job starts after",
        _ => known(),
    };
    Err(syn::Error::new(word.span(), format_args!("a job has no option `{written}`: {help}")))
}

fn no_value(input: ParseStream, flag: &str) -> Result<()> {
    if input.is_empty() || input.peek(Token![,]) || input.peek(Token![;]) || input.peek(Ident::peek_any) {
        return Ok(());
    }
    Err(input.error(format_args!("`{flag}` takes no value: write `{flag}`, or leave it out")))
}

fn equals(input: ParseStream, word: &Ident, key: &str) -> Result<()> {
    let value = match key {
        "pool" => "an expression",
        "name" => "a string",
        _ => "a path",
    };
    if !input.peek(Token![=]) || input.peek(Token![==]) {
        return Err(syn::Error::new(word.span(), format_args!("`{key}` takes {value}: write `{key} = …`")));
    }
    let equals: Token![=] = input.parse()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(syn::Error::new_spanned(equals, format_args!("expected {value} after `{key} =`")));
    }
    Ok(())
}

fn path(input: ParseStream) -> Result<Path> {
    if input.peek(Ident::peek_any) || input.peek(Token![::]) {
        return input.call(Path::parse_mod_style);
    }
    Err(input.error("the crate is a path, without quotes: `crate = name`"))
}

fn name(input: ParseStream) -> Result<LitStr> {
    if input.peek(LitStr) {
        return input.parse();
    }
    Err(input.error("the name is a string: `name = \"…\"`"))
}

fn skip_to_comma(input: ParseStream) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _ = input.parse::<TokenTree>();
    }
}

fn separator(input: ParseStream, errors: &mut Errors) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    if input.peek(Token![,]) {
        input.parse::<Token![,]>()?;
        return Ok(());
    }
    if input.peek(Token![;]) {
        errors.on(input.parse::<Token![;]>()?, "options are separated by commas: write `,` here");
        return Ok(());
    }
    errors.at(input.span(), "missing `,` between two options");
    // Another option begins here, most likely; anything else would be the same mistake once more.
    if !input.peek(Ident::peek_any) {
        skip_to_comma(input);
    }
    Ok(())
}

/// Reads a function with a body.
pub fn function(item: TokenStream) -> Result<Function> {
    let parser = |input: ParseStream| {
        let mut attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        if !is_function(input) {
            let error = input.error("`#[job]` makes a function a job: put it on a function with a body");
            let _ = input.parse::<TokenStream>();
            return Err(error);
        }
        let sig = input.parse()?;
        if input.peek(Token![;]) {
            return Err(input.error("a job needs a body: put `#[job]` on the function that has one"));
        }
        let body = body(input, &mut attrs)?;
        Ok(Function { attrs, vis, sig, body })
    };
    parser.parse2(item)
}

fn is_function(input: ParseStream) -> bool {
    let fork = input.fork();
    let _ = fork.parse::<Option<Token![const]>>();
    let _ = fork.parse::<Option<Token![async]>>();
    let _ = fork.parse::<Option<Token![unsafe]>>();
    let _ = fork.parse::<Option<syn::Abi>>();
    fork.peek(Token![fn])
}

/// Inner attributes move to the others: a closure's block can't have them.
fn body(input: ParseStream, attrs: &mut Vec<Attribute>) -> Result<Group> {
    let content;
    let brace: token::Brace = braced!(content in input);
    for mut inner in content.call(Attribute::parse_inner)? {
        inner.style = syn::AttrStyle::Outer;
        attrs.push(inner);
    }
    let mut body = Group::new(proc_macro2::Delimiter::Brace, content.parse()?);
    body.set_span(brace.span.join());
    Ok(body)
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn parsed(args: TokenStream) -> (Options, String) {
        let mut errors = Errors::default();
        let options = options(args, &mut errors);
        (options, errors.items().to_string())
    }

    #[test]
    fn options_stand_in_any_order() {
        let (options, errors) = parsed(quote!(name = "n", pool = a.b(c, d), crate = ::x::y, shared, background,));
        assert_eq!(errors, "");
        assert!(options.background.is_some() && options.shared.is_some());
        assert!(options.pool.is_some() && options.krate.is_some());
        assert_eq!(options.name.map(|name| name.value()).as_deref(), Some("n"));
    }

    #[test]
    fn a_semicolon_is_one_mistake() {
        let (options, errors) = parsed(quote!(background; shared));
        assert!(options.background.is_some() && options.shared.is_some());
        assert_eq!(errors.matches("compile_error").count(), 1);
        assert!(errors.contains("write `,` here"));
    }

    #[test]
    fn nothing_is_an_option_too() {
        let (options, errors) = parsed(quote!());
        assert_eq!(errors, "");
        assert!(options.background.is_none() && options.name.is_none());
    }

    #[test]
    fn a_misspelled_option_counts_as_meant() {
        let (options, errors) = parsed(quote!(bakground, nam = "n"));
        assert!(options.background.is_some() && options.name.is_some());
        assert_eq!(errors.matches("did you mean").count(), 2);
    }

    #[test]
    fn parsing_goes_on_behind_a_mistake() {
        let (options, errors) = parsed(quote!(speed = 1, name = 2, pool = , shared background));
        assert!(options.shared.is_some() && options.background.is_some());
        assert_eq!(errors.matches("compile_error").count(), 4);
    }

    #[test]
    fn inner_attributes_become_outer_ones() {
        let function = function(quote!(
            #[a]
            pub fn f() {
                #![b]
                let x = 1;
            }
        ))
        .expect("a function");
        assert_eq!(function.attrs.len(), 2);
        assert_eq!(
            function.body.to_string(),
            quote!({
                let x = 1;
            })
            .to_string()
        );
    }

    #[test]
    fn only_functions_with_a_body_are_jobs() {
        for item in [
            quote!(
                struct S;
            ),
            quote!(impl S { fn f() {} }),
            quote!(
                fn f();
            ),
            quote!(
                const X: u8 = 1;
            ),
        ] {
            assert!(function(item).is_err());
        }
        for item in [
            quote!(
                pub unsafe extern "C" fn f() {}
            ),
            quote!(
                const unsafe fn f() {}
            ),
            quote!(
                async fn f() {}
            ),
        ] {
            assert!(function(item).is_ok());
        }
    }
}
