//! The expansion of a wrong graph: its errors, and the expressions that were understood, so that an editor goes on
//! completing in them.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use super::super::parse::{Block, Node};
use super::node::expression;
use crate::errors::Errors;

/// The errors as an expression that fits everywhere.
pub fn wrong(block: &Block, errors: &Errors) -> TokenStream {
    let error = errors.expression();
    let nodes = block.nodes.iter().map(|node| closure(node, &error));
    quote_spanned! {Span::mixed_site()=> {
        #(let _ = #nodes;)*
        #error
    }}
}

/// A node's expressions. Its inputs have the type of an error, which is right wherever they are used: rustc reports
/// nothing that only follows from ours. It reports an error that stands twice once.
fn closure(node: &Node, error: &TokenStream) -> TokenStream {
    let inputs: Vec<&Ident> = node.inputs.iter().map(|input| &input.name).collect();
    let (condition, expr) = (node.condition.iter(), expression(node));
    quote_spanned! {Span::mixed_site()=>
        || {
            #(#[allow(unused_variables)] let #inputs = #error;)*
            #(if #condition {})*
            #expr
        }
    }
}
