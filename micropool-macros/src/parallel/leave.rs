//! What would leave a node: `break` and `continue` of a loop around the block, `.await`, and `?` in an `if`. rustc would speak of
//! closures that the user hasn't written, so they are reported here.
//!
//! `return` and `?` in an expression concern the node alone, and whether they fit is a question of types. Closures, `async` blocks
//! and items in an expression are left to rustc. So are the arguments of a macro (`println!("{}", f.await)`): what they mean, that
//! macro alone knows.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprAsync, ExprClosure, ExprConst, ExprRepeat, ExprTryBlock, Item, Label, Lifetime, Type};

use super::parse::{Block, Node};
use crate::errors::Errors;

/// Reports what would leave its node, and puts an expression of the type "error" in its place.
pub fn check(block: &mut Block, errors: &mut Errors) {
    let Block { nodes, jumps, .. } = block;
    for node in nodes {
        let shown = node.shown();
        let Node { expr, condition, .. } = node;
        let parts = [Some((expr, false)), condition.as_mut().map(|condition| (condition, true))];
        for (part, is_condition) in parts.into_iter().flatten() {
            Leaving { shown: &shown, is_condition, loops: 0, labels: Vec::new(), jumps, errors }.visit_expr_mut(part);
        }
    }
}

struct Leaving<'a> {
    /// The node's name.
    shown: &'a str,
    /// Whether this is its `if`.
    is_condition: bool,
    /// How many loops of the node are around.
    loops: usize,
    /// Their labels, and those of blocks.
    labels: Vec<Lifetime>,
    /// Those that leave to a label.
    jumps: &'a mut Vec<TokenStream>,
    errors: &'a mut Errors,
}

impl Leaving<'_> {
    fn inside(&mut self, label: Option<&Label>, loops: usize, visit: impl FnOnce(&mut Self)) {
        self.loops += loops;
        self.labels.extend(label.map(|label| label.name.clone()));
        visit(self);
        self.loops -= loops;
        self.labels.truncate(self.labels.len() - usize::from(label.is_some()));
    }

    /// Whether a `break` or `continue` stays in the node.
    fn stays(&self, label: Option<&Lifetime>) -> bool {
        match label {
            Some(label) => self.labels.iter().any(|known| known.ident == label.ident),
            None => self.loops > 0,
        }
    }

    fn jump(&mut self, word: &str, place: Span, label: Option<&Lifetime>) {
        let (shown, place) = (self.shown, label.map_or(place, Lifetime::span));
        let help = match self.is_condition {
            true => String::from("Decide that above the block"),
            false => format!("Let it give a value, and `{word}` behind the block"),
        };
        self.errors
            .at(place, format_args!("`{word}` can't leave the node `{shown}`: it may run on another thread. {help}"));
    }
}

impl VisitMut for Leaving<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let left = match expr {
            Expr::Break(jump) if !self.stays(jump.label.as_ref()) => {
                self.jump("break", jump.break_token.span, jump.label.as_ref());
                let (word, value) = (jump.break_token, jump.expr.is_some().then(error));
                self.jumps.extend(jump.label.iter().map(|label| quote!(#word #label #value)));
                jump.expr.take()
            }
            Expr::Continue(jump) if !self.stays(jump.label.as_ref()) => {
                self.jump("continue", jump.continue_token.span, jump.label.as_ref());
                let word = jump.continue_token;
                self.jumps.extend(jump.label.iter().map(|label| quote!(#word #label)));
                None
            }
            Expr::Await(future) => {
                self.errors.at(
                    future.await_token.span,
                    format_args!(
                        "`{}` can't `.await`: a node runs on a thread, not in a task of an executor. Await above the block, \
                         or let a node give the future, and await it behind the block",
                        self.shown
                    ),
                );
                Some(future.base.clone())
            }
            Expr::Try(tried) if self.is_condition => {
                self.errors.at(
                    tried.question_token.span,
                    "an `if` in front of `=>` is true or false, no error leaves it: write `matches!(…, Ok(true))` here, or \
                     `?` in the expression",
                );
                Some(tried.expr.clone())
            }
            Expr::Loop(inner) => {
                let label = inner.label.clone();
                return self.inside(label.as_ref(), 1, |this| this.visit_block_mut(&mut inner.body));
            }
            Expr::While(inner) => {
                let label = inner.label.clone();
                return self.inside(label.as_ref(), 1, |this| {
                    this.visit_expr_mut(&mut inner.cond);
                    this.visit_block_mut(&mut inner.body);
                });
            }
            Expr::ForLoop(inner) => {
                self.visit_expr_mut(&mut inner.expr);
                let label = inner.label.clone();
                return self.inside(label.as_ref(), 1, |this| this.visit_block_mut(&mut inner.body));
            }
            Expr::Block(inner) => {
                let label = inner.label.clone();
                return self.inside(label.as_ref(), 0, |this| this.visit_block_mut(&mut inner.block));
            }
            _ => return visit_mut::visit_expr_mut(self, expr),
        };
        let value = left.map(|mut value| {
            self.visit_expr_mut(&mut value);
            quote_spanned!(Span::mixed_site()=> let _ = #value;)
        });
        let error = error();
        *expr = Expr::Verbatim(quote_spanned!(Span::mixed_site()=> { #value #error }));
    }

    fn visit_expr_closure_mut(&mut self, _: &mut ExprClosure) {}
    fn visit_expr_async_mut(&mut self, _: &mut ExprAsync) {}
    fn visit_expr_const_mut(&mut self, _: &mut ExprConst) {}
    fn visit_item_mut(&mut self, _: &mut Item) {}
    fn visit_type_mut(&mut self, _: &mut Type) {}

    fn visit_expr_repeat_mut(&mut self, repeat: &mut ExprRepeat) {
        self.visit_expr_mut(&mut repeat.expr);
    }

    fn visit_expr_try_block_mut(&mut self, block: &mut ExprTryBlock) {
        let is_condition = std::mem::take(&mut self.is_condition);
        self.visit_block_mut(&mut block.block);
        self.is_condition = is_condition;
    }
}

/// An expression of the type "error", see [`Errors::expression`].
fn error() -> TokenStream {
    quote_spanned!(Span::mixed_site()=> __micropool_error)
}
