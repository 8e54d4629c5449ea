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
