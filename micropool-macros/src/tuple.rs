//! Tuples of any length, for the runtime's traits know only those of eight.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

/// The longest tuple that the runtime knows.
const LONGEST: usize = 8;

/// The tuple of `parts`, or of tuples of them if they are many: an expression or a pattern.
pub fn tuple(parts: &[impl ToTokens]) -> TokenStream {
    if parts.len() <= LONGEST {
        return quote_spanned!(Span::mixed_site()=> (#(#parts,)*));
    }
    let groups: Vec<TokenStream> = parts.chunks(LONGEST).map(tuple).collect();
    tuple(&groups)
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::format_ident;

    #[test]
    fn no_tuple_is_longer_than_the_runtime_knows() {
        for count in [0, 1, 8, 9, 64, 65, 200] {
            let names: Vec<_> = (0..count).map(|k| format_ident!("n{k}")).collect();
            let text = tuple(&names).to_string();
            assert_eq!(text.matches('n').count(), count);
            check(&syn::parse_str(&text).expect("an expression"));
        }
    }

    fn check(expr: &syn::Expr) {
        if let syn::Expr::Tuple(tuple) = expr {
            assert!(tuple.elems.len() <= LONGEST);
            tuple.elems.iter().for_each(check);
        }
    }
}
