//! The nested form: a series-parallel graph as forks in each other. Results are locals that are `None` once something has
//! failed; the borrow checker proves that unordered nodes touch nothing in common.
//!
//! Of a fork, the most urgent branch stays with the thread that forks, and stands innermost: the others are all offered
//! before it begins, the least urgent first.

use std::cmp::Reverse;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::super::check::Source;
use super::super::graph::{Access, Shape};
use super::super::parse::Mode;
use super::node::{Lend, capture_span, lints, node_span, number};
use super::{Context, local};

/// Beyond so many branches a fork runs as a graph without edges: a stack of forks would nest as deep as it is wide.
const WIDEST_FORK: usize = 6;

pub fn expand(cx: Context<'_>, shape: Option<&Shape>) -> TokenStream {
    let nested = Nested { cx };
    let block = cx.block();
    let first: TokenStream = cx.model.first.iter().map(|&node| nested.node(node)).collect();
    let rest = shape.map(|shape| nested.statements(shape)).unwrap_or_default();
    let results: Vec<(usize, TokenStream)> = (0..cx.model.nodes.len())
        .filter(|&node| cx.model.nodes[node].name.is_some() && !cx.model.moved[node])
        .map(|node| {
            let result = local("result", node);
            (node, quote_spanned!(Span::mixed_site()=> #result))
        })
        .collect();
    let finish = cx.finish(&results);
    quote_spanned!(Span::mixed_site()=> { #block #first #rest #finish })
}

struct Nested<'a> {
    cx: Context<'a>,
}

impl Lend for Nested<'_> {
    fn shared(&self, source: Source, place: Span) -> TokenStream {
        let result = result_of(source, place);
        quote_spanned!(place=> #result)
    }

    fn exclusive(&self, source: Source, place: Span, closure: TokenStream) -> TokenStream {
        let (private, result) = (self.cx.private_at(place), result_of(source, place));
        quote_spanned!(place=> #private::lend_mut(&mut #result, #closure))
    }

    fn taken(&self, source: Source, place: Span) -> TokenStream {
        let (private, result) = (self.cx.private, result_of(source, place));
        quote_spanned!(place=> #private::arrived(#result))
    }
}

fn result_of(source: Source, place: Span) -> Ident {
    let Source::Node(node) = source else { unreachable!("a nested graph has no resources") };
    let mut result = local("result", node);
    result.set_span(place);
    result
}

/// Whether all of these nodes succeeded.
fn all_ok(nodes: &[usize]) -> TokenStream {
    let all = nodes.iter().copied().map(ok);
    quote_spanned!(Span::mixed_site()=> #(#all)&*)
}

/// The local that says whether a node succeeded.
fn ok(node: usize) -> Ident {
    local("ok", node)
}

impl Nested<'_> {
    /// Statements after which the results of the part are locals.
    fn statements(&self, shape: &Shape) -> TokenStream {
        match shape {
            Shape::Node(node) => self.node(*node),
            Shape::Series(parts) => parts.iter().map(|part| self.statements(part)).collect(),
            Shape::Parallel(parts) => self.fork(parts),
        }
    }

    fn node(&self, at: usize) -> TokenStream {
        let (lints, private) = (lints(&self.cx.model.nodes[at]), self.cx.private);
        let needed: Vec<usize> = self.needed(at).collect();
        let (moved, run) = self.run(at, (!needed.is_empty()).then(|| all_ok(&needed)).as_ref());
        let result = self.pattern(at);
        let flag = self.is_flagged(at).then(|| {
            let (ok, result) = (ok(at), local("result", at));
            quote_spanned!(Span::mixed_site()=> let #ok = #private::ran(&#result);)
        });
        quote_spanned!(Span::mixed_site()=> #moved #lints let #result = #run; #flag)
    }

    /// The statements in front of a node's call, and the call, whose result is the node's if `needed` holds.
    fn run(&self, at: usize, needed: Option<&TokenStream>) -> (TokenStream, TokenStream) {
        let (model, private) = (self.cx.model, self.cx.private);
        let moved = model.nodes[at].inputs.iter().zip(&model.sources[at]).filter_map(|(input, source)| match source {
            Source::Node(from) if input.mode == Mode::Move => {
                let result = local("result", *from);
                Some(quote_spanned!(Span::mixed_site()=> let #result = #private::held(#result);))
            }
            _ => None,
        });
        (moved.collect(), self.cx.call(at, self, needed))
    }

    /// The nodes without which this one doesn't run.
    fn needed(&self, at: usize) -> impl Iterator<Item = usize> {
        self.cx.model.edges.iter().filter(move |edge| edge.to == at && edge.needs).map(|edge| edge.from)
    }

    /// Whether any node doesn't run without this one.
    fn is_flagged(&self, at: usize) -> bool {
        self.cx.model.edges.iter().any(|edge| edge.from == at && edge.needs)
    }

    /// The local of a result where it is bound.
    fn pattern(&self, at: usize) -> TokenStream {
        let result = local("result", at);
        let lent_mut = self.cx.model.values[at].users.iter().any(|&(_, access)| access == Access::Exclusive);
        match lent_mut {
            true => quote_spanned!(Span::mixed_site()=> mut #result),
            false => quote_spanned!(Span::mixed_site()=> #result),
        }
    }

    fn fork(&self, parts: &[Shape]) -> TokenStream {
        let (spawned, branches) = self.branches(parts);
        let mut statements: TokenStream = spawned.iter().map(|part| self.statements(part)).collect();
        statements.extend(match branches[..] {
            [] => TokenStream::new(),
            [only] => self.statements(only),
            _ if branches.len() > WIDEST_FORK => self.wide(&branches),
            _ => self.narrow(&branches),
        });
        statements
    }

    /// What is only spawned, which is done at once and takes no thread; and the branches, the most urgent first.
    fn branches<'b>(&self, parts: &'b [Shape]) -> (Vec<&'b Shape>, Vec<&'b Shape>) {
        let is_spawned = |part: &&Shape| part.nodes().iter().all(|&node| self.cx.model.is_background(node));
        let (spawned, mut branches): (Vec<&Shape>, Vec<&Shape>) = parts.iter().partition(is_spawned);
        branches.sort_by_key(|part| Reverse(self.rank(part)));
        (spawned, branches)
    }

    fn rank(&self, part: &Shape) -> u64 {
        part.nodes().iter().map(|&node| self.cx.model.ranks[node]).max().unwrap_or(0)
    }

    /// The rank as the runtime has it, which compares it with those of other graphs too: as it is, or, where costs are huge, the place
    /// among this graph's.
    fn urgency(&self, part: &Shape) -> u32 {
        let (ranks, rank) = (&self.cx.model.ranks, self.rank(part));
        let place = ranks.iter().filter(|&&other| other < rank).count();
        let fits = ranks.iter().all(|&other| u32::try_from(other).is_ok());
        u32::try_from(rank).ok().filter(|_| fits).unwrap_or(number(place))
    }

    /// Whether a part's first step is a fork by joins.
    fn begins_with_joins(&self, part: &Shape) -> bool {
        match part {
            Shape::Node(_) => false,
            Shape::Series(parts) => self.begins_with_joins(&parts[0]),
            Shape::Parallel(parts) => {
                let (spawned, branches) = self.branches(parts);
                spawned.is_empty() && (2..=WIDEST_FORK).contains(&branches.len())
            }
        }
    }

    /// A fork of few branches: joins. The branches are bound before, in the order of the source: that is the order in
    /// which rustc infers types. By `once`, or each would be called more than once as far as rustc knows, and its result
    /// couldn't borrow mutably from the surroundings. A join whose first branch begins with another leaves it to that one to
    /// offer its second.
    fn narrow(&self, branches: &[&Shape]) -> TokenStream {
        let lets = in_source_order(branches).into_iter().map(|part| {
            let (name, statements, outputs) = (self.branch(part), self.statements(part), self.outputs(part));
            quote_spanned!(self.span(part)=> let #name = __micropool_block.once(|| { #statements #outputs });)
        });
        let lets: TokenStream = lets.collect();
        let mut value = self.branch(branches[0]).into_token_stream();
        let mut pattern = self.patterns(branches[0]);
        for (place, part) in branches.iter().enumerate().skip(1) {
            let rank = self.urgency(part);
            let is_outer = place > 1 || self.begins_with_joins(branches[0]);
            let (other, others) = (self.branch(part), self.patterns(part));
            let span = self.span(part);
            let fork = Ident::new(if is_outer { "fork_outer" } else { "fork" }, span);
            value = quote_spanned!(span=> __micropool_block.#fork(#rank, #value, #other));
            pattern = quote_spanned!(Span::mixed_site()=> (#pattern, #others));
            if place + 1 < branches.len() {
                value = quote_spanned!(span=> || #value);
            }
        }
        quote_spanned!(Span::mixed_site()=> #lets let #pattern = #value;)
    }

    /// The local of a branch's closure.
    fn branch(&self, part: &Shape) -> Ident {
        let mut name = local("branch", first(part));
        name.set_span(capture_span(part.nodes().iter().map(|&node| &self.cx.model.nodes[node])));
        name
    }

    /// A fork of many branches: a graph without edges, whose branches write into locals of this frame.
    fn wide(&self, branches: &[&Shape]) -> TokenStream {
        let private = self.cx.private;
        let (width, count) = (number(branches.len()), branches.len());
        let mut locals = TokenStream::new();
        let (mut needs, mut jobs) = (Needs::default(), Vec::new());
        for part in in_source_order(branches) {
            let (name, list) = (self.branch(part), self.output_list(part));
            for Output { node, flag } in &list {
                let (result, ok) = (local("result", *node), ok(*node));
                locals.extend(match flag {
                    true => quote_spanned!(Span::mixed_site()=> let mut #ok = false;),
                    false => {
                        quote_spanned!(Span::mixed_site()=> let mut #result = #private::Maybe::None;)
                    }
                });
            }
            let body = self.written_outside(part, &list, &mut needs);
            jobs.push((
                quote_spanned!(self.span(part)=> mut #name),
                quote_spanned!(self.span(part)=> #private::OnceJob::new(|_| { #body true })),
            ));
        }
        let needs = needs.0.iter().map(|(all, name)| {
            let all = all_ok(all);
            quote_spanned!(Span::mixed_site()=> let #name = #all;)
        });
        let needs: TokenStream = needs.collect();
        let jobs = super::locals(jobs);
        let names = branches.iter().map(|part| {
            let name = self.branch(part);
            quote_spanned!(self.span(part)=> &mut #name)
        });
        quote_spanned! {Span::mixed_site()=>
            #locals
            {
                #needs
                #jobs
                #private::run_graph::<#count, { #private::words(#count) }>({
                    static __MICROPOOL_PLAN: #private::Plan<#count> =
                        #private::Plan::new([#private::NodeSpec { succs: &[], here: false }; #count], #width);
                    &__MICROPOOL_PLAN
                }, [#(#names),*], &mut []);
            }
        }
    }

    /// Statements after which what a part leaves behind is in locals from outside. Of a single node, which most branches of a wide
    /// fork are, as few as may be: for each closure rustc looks at all of the function.
    fn written_outside(&self, part: &Shape, list: &[Output], needs: &mut Needs) -> TokenStream {
        let private = self.cx.private;
        match *part {
            Shape::Node(at) if lints(&self.cx.model.nodes[at]).is_empty() && list.iter().any(|output| !output.flag) => {
                let needed = needs.of(self.needed(at).collect());
                let (moved, run) = self.run(at, needed.as_ref());
                let result = local("result", at);
                let flag = list.iter().any(|output| output.flag).then(|| {
                    let ok = ok(at);
                    quote_spanned!(Span::mixed_site()=> #ok = #private::ran(&#result);)
                });
                quote_spanned!(self.span(part)=> #moved #result = #run; #flag)
            }
            _ => {
                let (statements, outputs) = (self.statements(part), self.outputs(part));
                let outer = list.iter().map(Output::name);
                quote_spanned!(self.span(part)=> (#(#outer,)*) = { #statements #outputs };)
            }
        }
    }

    /// What a part leaves behind, as a tuple.
    fn outputs(&self, part: &Shape) -> TokenStream {
        let list = self.output_list(part);
        if list.is_empty() {
            // A `()` would be the "unneeded unit expression" of clippy.
            return TokenStream::new();
        }
        let names = list.iter().map(Output::name);
        // rustc shows what is wrong with a closure (it isn't `Send`) on the last expression in it.
        quote_spanned!(self.span(part)=> (#(#names,)*))
    }

    /// The pattern for [`Self::outputs`].
    fn patterns(&self, part: &Shape) -> TokenStream {
        let patterns = self.output_list(part).into_iter().map(|output| match output.flag {
            true => {
                let ok = ok(output.node);
                quote_spanned!(Span::mixed_site()=> #ok)
            }
            false => self.pattern(output.node),
        });
        quote_spanned!(Span::mixed_site()=> (#(#patterns,)*))
    }

    /// The locals of a part that others, or the value of the block, use.
    fn output_list(&self, part: &Shape) -> Vec<Output> {
        let model = self.cx.model;
        let nodes = part.nodes();
        let mut list = Vec::new();
        for &node in &nodes {
            let users = &model.values[node].users;
            let taken_inside = model.moved[node] && users.last().is_some_and(|&(user, _)| nodes.contains(&user));
            if model.nodes[node].name.is_some() && !taken_inside {
                list.push(Output { node, flag: false });
            }
            if model.edges.iter().any(|edge| edge.from == node && edge.needs && !nodes.contains(&edge.to)) {
                list.push(Output { node, flag: true });
            }
        }
        list
    }

    fn span(&self, part: &Shape) -> Span {
        node_span(&self.cx.model.nodes[first(part)])
    }
}

/// The node of a part that stands highest in the source.
fn first(part: &Shape) -> usize {
    part.nodes().into_iter().min().expect("no part is empty")
}

fn in_source_order<'a>(branches: &[&'a Shape]) -> Vec<&'a Shape> {
    let mut branches = branches.to_vec();
    branches.sort_by_key(|part| first(part));
    branches
}

/// Locals that say whether all nodes of a set succeeded, for the branches of a fork, of which many need the same.
#[derive(Default)]
struct Needs(Vec<(Vec<usize>, Ident)>);

impl Needs {
    /// Whether all of these nodes succeeded, if there are any.
    fn of(&mut self, nodes: Vec<usize>) -> Option<TokenStream> {
        if nodes.len() < 2 {
            return (!nodes.is_empty()).then(|| all_ok(&nodes));
        }
        let known = self.0.iter().find(|(other, _)| *other == nodes).map(|(_, name)| name.clone());
        let name = known.unwrap_or_else(|| {
            let name = local("needed", self.0.len());
            self.0.push((nodes, name.clone()));
            name
        });
        Some(name.into_token_stream())
    }
}

/// A local that leaves a branch: a node's result, or whether it succeeded.
struct Output {
    node: usize,
    flag: bool,
}

impl Output {
    fn name(&self) -> Ident {
        if self.flag { ok(self.node) } else { local("result", self.node) }
    }
}
