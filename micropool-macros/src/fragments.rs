//! Fragments of a `macro_rules!` around one of our macros.
//!
//! `$e` arrives as a group without delimiters. rustc forgets such a group where a procedural macro gives it back, and then
//! `$e * 2` of `1 + 1` is 3: what stands beside an operator is put in parentheses.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use syn::Expr;

/// The same tokens, with parentheses around each fragment that needs them.
pub fn grouped(tokens: TokenStream) -> TokenStream {
    changed(&tokens).unwrap_or(tokens)
}

/// The same, if there is such a fragment. (A group that is made anew has lost the places of its delimiters.)
fn changed(tokens: &TokenStream) -> Option<TokenStream> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut any = false;
    let new = trees.iter().enumerate().map(|(at, tree)| {
        let TokenTree::Group(group) = tree else { return tree.clone() };
        let inner = changed(&group.stream());
        let beside = || binds(&trees[..at]) || joins(&trees[at + 1..]);
        let opens = group.delimiter() == Delimiter::None && beside() && is_loose(&group.stream());
        if inner.is_none() && !opens {
            return tree.clone();
        }
        any = true;
        let delimiter = if opens { Delimiter::Parenthesis } else { group.delimiter() };
        let mut new = Group::new(delimiter, inner.unwrap_or_else(|| group.stream()));
        new.set_span(group.span());
        TokenTree::Group(new)
    });
    let new = new.collect();
    any.then_some(new)
}

/// Whether an operator stands at the end of these tokens.
fn binds(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Punct(first), TokenTree::Punct(second)]
            if first.as_char() == '=' && first.spacing() == Spacing::Joint && second.as_char() == '>' =>
        {
            false
        }
        [.., TokenTree::Punct(last)] => !matches!(last.as_char(), ',' | ';' | '@' | ':' | '#' | '$'),
        _ => false,
    }
}

/// Whether something begins with these tokens that takes what stands before as its operand.
fn joins(behind: &[TokenTree]) -> bool {
    match behind {
        [TokenTree::Punct(first), TokenTree::Punct(second), ..]
            if first.as_char() == '=' && first.spacing() == Spacing::Joint && second.as_char() == '>' =>
        {
            false
        }
        [TokenTree::Punct(first), ..] => !matches!(first.as_char(), ',' | ';' | '@' | ':' | '#' | '$'),
        [TokenTree::Group(group), ..] => matches!(group.delimiter(), Delimiter::Parenthesis | Delimiter::Bracket),
        [TokenTree::Ident(word), ..] => word == "as",
        _ => false,
    }
}

/// Whether it is an expression that an operator beside it would take apart. (A type or pattern that looks like one means the same
/// in parentheses. What looks like an assignment may be a part of an attribute.)
fn is_loose(tokens: &TokenStream) -> bool {
    let is_loose = |expr: &Expr| {
        matches!(
            expr,
            Expr::Binary(_)
                | Expr::Unary(_)
                | Expr::Cast(_)
                | Expr::Range(_)
                | Expr::Reference(_)
                | Expr::Closure(_)
                | Expr::If(_)
                | Expr::Match(_)
                | Expr::Block(_)
                | Expr::Unsafe(_)
                | Expr::Loop(_)
        )
    };
    syn::parse2::<Expr>(tokens.clone()).is_ok_and(|expr| is_loose(&expr))
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    /// As a `macro_rules!` gives it.
    fn fragment(tokens: TokenStream) -> Group {
        Group::new(Delimiter::None, tokens)
    }

    #[test]
    fn a_fragment_beside_an_operator_stays_together() {
        let sum = fragment(quote!(1 + 1));
        assert_eq!(
            grouped(quote!(a => #sum * 2, b => f(3 - #sum))).to_string(),
            quote!(a => (1 + 1) * 2, b => f(3 - (1 + 1))).to_string()
        );
        assert_eq!(
            grouped(quote!({ #sum as u8; #sum.pow(2) })).to_string(),
            quote!({
                (1 + 1) as u8;
                (1 + 1).pow(2)
            })
            .to_string()
        );
    }

    #[test]
    fn others_stay_as_they_are() {
        let (sum, path, meta) = (fragment(quote!(1 + 1)), fragment(quote!(a::b)), fragment(quote!(doc = "x")));
        for tokens in
            [quote!(a => #sum, b if #sum => f(#sum)), quote!(#path * 2), quote!(#[#meta] a => 1), quote!(x: #sum)]
        {
            let count = |tokens: TokenStream| tokens.to_string().matches('(').count();
            assert_eq!(count(grouped(tokens.clone())), count(tokens));
        }
    }
}
