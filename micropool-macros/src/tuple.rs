//! Tuples for the runtime's traits, which know those of a few elements: longer ones are tuples of tuples.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

/// The longest tuple of tasks that the runtime knows.
const LONGEST: usize = 8;

/// A tuple of these names, or the pattern for one.
pub fn nested(names: &[Ident]) -> TokenStream {
    let mut parts: Vec<TokenStream> = names.iter().map(Ident::to_token_stream).collect();
    while parts.len() > LONGEST {
        parts = parts.chunks(LONGEST).map(flat).collect();
    }
    flat(&parts)
}

fn flat(parts: &[TokenStream]) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> (#(#parts,)*))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::format_ident;

    #[test]
    fn no_tuple_is_longer_than_the_runtime_knows() {
        for count in [0, 1, 8, 9, 64, 65, 200] {
            let names: Vec<Ident> = (0..count).map(|k| format_ident!("n{k}")).collect();
            let text = nested(&names).to_string();
            assert_eq!(text.matches('n').count(), count);
            let tuple: syn::Expr = syn::parse_str(&text).expect("an expression");
            check(&tuple);
        }
    }

    fn check(expr: &syn::Expr) {
        if let syn::Expr::Tuple(tuple) = expr {
            assert!(tuple.elems.len() <= LONGEST);
            tuple.elems.iter().for_each(check);
        }
    }
}
