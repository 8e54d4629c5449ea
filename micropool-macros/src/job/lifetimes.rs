//! Where a type borrows.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    BoundLifetimes, GenericParam, Lifetime, ParenthesizedGenericArguments, Type, TypeBareFn, TypeGroup, TypeParen,
    TypeReference,
};

use super::check::shown;

/// A place in a type that names or implies a lifetime other than `'static`.
pub enum Borrowed<'a> {
    Reference(&'a TypeReference),
    Lifetime(&'a Lifetime),
}

impl Borrowed<'_> {
    /// Whether the lifetime has a name of its own.
    pub fn is_named(&self) -> bool {
        match self {
            Self::Reference(reference) => reference.lifetime.is_some(),
            Self::Lifetime(lifetime) => lifetime.ident != "_",
        }
    }

    /// What to point at.
    pub fn tokens(&self) -> TokenStream {
        match self {
            Self::Reference(TypeReference { and_token, lifetime, mutability, .. }) => {
                quote_spanned!(and_token.span()=> #and_token #lifetime #mutability)
            }
            Self::Lifetime(lifetime) => quote_spanned!(lifetime.span()=> #lifetime),
        }
    }

    /// What is wrong, and what to write.
    pub fn message(&self) -> String {
        let help = match self {
            Self::Reference(reference) => owned_instead(reference),
            Self::Lifetime(_) => String::from("take a type that owns its data, or `'static`"),
        };
        format!("a background job outlives its call and can't borrow: {help}; or write `#[job]`, which runs in place")
    }
}

fn owned_instead(reference: &TypeReference) -> String {
    let mut ty = &*reference.elem;
    // `&(dyn A + B)`
    while let Type::Paren(TypeParen { elem, .. }) | Type::Group(TypeGroup { elem, .. }) = ty {
        ty = elem;
    }
    let name = shown(ty);
    let last = match ty {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default(),
        _ => String::new(),
    };
    let unsized_owner = match ty {
        Type::Slice(slice) => Some(format!("Vec<{}>", shown(&slice.elem))),
        Type::TraitObject(_) => Some(format!("Box<{}>", sent(&name, "Send"))),
        _ => owner(&last).map(String::from),
    };
    match unsized_owner {
        Some(owner) if reference.mutability.is_some() => format!("take a `{owner}` and return it"),
        None if reference.mutability.is_some() => format!("take `{name}` by value and return it"),
        Some(owner) if last.is_empty() => {
            let shared = if matches!(ty, Type::TraitObject(_)) { sent(&sent(&name, "Send"), "Sync") } else { name };
            format!("take a `{owner}` or an `Arc<{shared}>`")
        }
        Some(owner) => format!("take a `{owner}`, an `Arc<{name}>` or a `&'static {name}`"),
        None if last == "Arc" => format!("take a clone, `{name}` by value"),
        None => format!("take `{name}` by value or in an `Arc`"),
    }
}

/// A trait object as another thread may have it, by `word` too.
fn sent(object: &str, word: &str) -> String {
    match object.split(" + ").any(|bound| bound == word) {
        true => String::from(object),
        false => format!("{object} + {word}"),
    }
}

/// What owns a type of the standard library that has no size.
fn owner(unsized_type: &str) -> Option<&'static str> {
    Some(match unsized_type {
        "str" => "String",
        "Path" => "PathBuf",
        "OsStr" => "OsString",
        "CStr" => "CString",
        _ => return None,
    })
}

/// All such places in `ty`, but those of a `for<'a>`, written or implied.
pub fn borrowed(ty: &Type) -> Vec<Borrowed<'_>> {
    let mut search = Search::default();
    search.visit_type(ty);
    search.found
}

#[derive(Default)]
struct Search<'a> {
    found: Vec<Borrowed<'a>>,
    bound: Vec<&'a Lifetime>,
    /// How many `fn(…)` or `Fn(…)` are around: what is left out there is bound by them.
    functions: usize,
}

impl<'a> Search<'a> {
    fn is_free(&self, lifetime: Option<&Lifetime>) -> bool {
        match lifetime {
            Some(lifetime) if lifetime.ident == "static" => false,
            Some(lifetime) if lifetime.ident != "_" => !self.bound.contains(&lifetime),
            _ => self.functions == 0,
        }
    }

    fn bind(&mut self, lifetimes: Option<&'a BoundLifetimes>) {
        let params = lifetimes.into_iter().flat_map(|bound| &bound.lifetimes);
        self.bound.extend(params.filter_map(|param| match param {
            GenericParam::Lifetime(param) => Some(&param.lifetime),
            _ => None,
        }));
    }
}

impl<'a> Visit<'a> for Search<'a> {
    fn visit_type_reference(&mut self, reference: &'a TypeReference) {
        if self.is_free(reference.lifetime.as_ref()) {
            self.found.push(Borrowed::Reference(reference));
        }
        // Not its lifetime, which is reported as a part of it.
        self.visit_type(&reference.elem);
    }

    fn visit_lifetime(&mut self, lifetime: &'a Lifetime) {
        if self.is_free(Some(lifetime)) {
            self.found.push(Borrowed::Lifetime(lifetime));
        }
    }

    fn visit_type_bare_fn(&mut self, function: &'a TypeBareFn) {
        let before = self.bound.len();
        self.bind(function.lifetimes.as_ref());
        self.functions += 1;
        for input in &function.inputs {
            self.visit_type(&input.ty);
        }
        self.visit_return_type(&function.output);
        self.functions -= 1;
        self.bound.truncate(before);
    }

    fn visit_trait_bound(&mut self, bound: &'a syn::TraitBound) {
        let before = self.bound.len();
        self.bind(bound.lifetimes.as_ref());
        self.visit_path(&bound.path);
        self.bound.truncate(before);
    }

    fn visit_parenthesized_generic_arguments(&mut self, arguments: &'a ParenthesizedGenericArguments) {
        self.functions += 1;
        visit::visit_parenthesized_generic_arguments(self, arguments);
        self.functions -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(ty: &str) -> Vec<String> {
        let ty = syn::parse_str(ty).expect("a type");
        borrowed(&ty).iter().map(|place| place.tokens().to_string()).collect()
    }

    #[test]
    fn borrows_are_found_wherever_they_stand() {
        assert_eq!(found("&str"), ["&"]);
        assert_eq!(found("&'a mut &'b [&u8]"), ["& 'a mut", "& 'b", "&"]);
        assert_eq!(found("Map<Key<'_>, (u8, Box<dyn Get + 'a>)>"), ["'_", "'a"]);
        assert_eq!(found("impl Fn(&'a u8) -> Text<'a> + '_"), ["& 'a", "'a", "'_"]);
    }

    #[test]
    fn what_borrows_nothing_is_fine() {
        for ty in [
            "&'static mut Text<'static>",
            "fn(&u8, Text<'_>) -> &u8",
            "Box<dyn Fn(&u8) -> &u8>",
            "for<'a> fn(&'a u8) -> Text<'a>",
            "Box<dyn for<'a> Get<'a, Text<'a>>>",
            "impl Get<'static> + 'static",
        ] {
            assert!(found(ty).is_empty(), "{ty}");
        }
    }

    #[test]
    fn what_to_write_instead_has_a_size() {
        for (ty, instead) in [
            ("&mut [u8]", "take a `Vec<u8>` and return it"),
            ("&mut str", "take a `String` and return it"),
            ("&mut dyn Get", "take a `Box<dyn Get + Send>` and return it"),
            ("&mut (dyn Get + Send)", "take a `Box<dyn Get + Send>` and return it"),
            ("&mut Path", "take a `PathBuf` and return it"),
            ("&mut Mesh", "take `Mesh` by value and return it"),
            ("&Arc<Mesh>", "take a clone, `Arc<Mesh>` by value"),
            ("&(dyn Get + Send)", "take a `Box<dyn Get + Send>` or an `Arc<dyn Get + Send + Sync>`"),
            ("&(dyn Get + Sync)", "take a `Box<dyn Get + Sync + Send>` or an `Arc<dyn Get + Sync + Send>`"),
            ("&[u8]", "take a `Vec<u8>` or an `Arc<[u8]>`"),
        ] {
            let ty = syn::parse_str(ty).expect("a reference");
            assert_eq!(owned_instead(&ty), instead);
        }
    }

    #[test]
    fn a_binder_ends_with_its_type() {
        assert_eq!(found("(for<'a> fn(&'a u8), &'a u8)"), ["& 'a"]);
    }
}
