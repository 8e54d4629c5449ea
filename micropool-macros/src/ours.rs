//! Names of the user's where the expansion binds them.

use proc_macro2::{Ident, Span};

/// The same name at the same place, as one of ours. Ours are of this crate's edition, in which `gen` is a keyword; the user's may be
/// older.
pub fn ours(name: &Ident) -> Ident {
    let place = name.span().resolved_at(Span::mixed_site());
    if name == "gen" {
        return Ident::new_raw("gen", place);
    }
    let mut name = name.clone();
    name.set_span(place);
    name
}
