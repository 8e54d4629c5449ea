//! `#[job]`: parse → check → expand.

mod check;
mod expand;
mod lifetimes;
mod parse;
#[cfg(test)]
mod snapshots;

use proc_macro2::TokenStream;

use crate::errors::Errors;
use crate::fragments::grouped;

/// Expands one function; `args` is what stands in the attribute's parentheses.
pub fn job(args: TokenStream, item: TokenStream) -> TokenStream {
    let item = grouped(item);
    let mut errors = Errors::default();
    let options = parse::options(grouped(args), &mut errors);
    let function = match parse::function(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            errors.push(error);
            let errors = errors.items();
            return quote::quote!(#errors #item);
        }
    };
    let job = check::check(options, function, &mut errors);
    if errors.is_empty() { expand::right(&job) } else { expand::wrong(&job, &errors) }
}
