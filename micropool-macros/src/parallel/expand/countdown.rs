//! The countdown form: every chain of nodes is one job, a plan says what each job waits for, and cells lend results and
//! resources to the nodes that name them.

use std::cmp::Reverse;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::super::check::Source;
use super::super::graph::{self, Access, Edge};
use super::super::parse::{Place, Resource};
use super::node::{Lend, capture_span, is_off, lints, node_span, number, place};
use super::{Context, local, locals};

pub fn expand(cx: Context<'_>) -> TokenStream {
    let countdown = Countdown { cx };
    let block = cx.block();
    let kept: TokenStream = countdown.named().map(|node| countdown.kept(node)).collect();
    let cells = locals(countdown.named().map(|node| countdown.cell(node)));
    let resources: TokenStream = (0..cx.model.resources.len()).map(|at| countdown.resource(at)).collect();
    let first: TokenStream = cx
        .model
        .first
        .iter()
        .map(|&node| {
            let (lints, spawned, run) = (lints(&cx.model.nodes[node]), spawned(node), countdown.run(node, false));
            quote_spanned!(Span::mixed_site()=> #lints let #spawned = #run;)
        })
        .collect();
    let graph = countdown.graph();
    let results: Vec<(usize, TokenStream)> = countdown
        .named()
        .map(|node| {
            let kept = local("kept", node);
            (node, quote_spanned!(Span::mixed_site()=> #kept.into_inner()))
        })
        .collect();
    let finish = cx.finish(&results);
    quote_spanned!(Span::mixed_site()=> { #block #kept #cells #resources #first #graph #finish })
}

/// The local that says whether a node was spawned before the run.
fn spawned(node: usize) -> Ident {
    local("spawned", node)
}

/// The local that says in a job whether what comes next may run.
fn local_ok(place: Span) -> Ident {
    Ident::new("__micropool_ok", place)
}

/// When something is so.
enum When {
    Always,
    Never,
    /// Under this `cfg`.
    If(TokenStream),
}

/// The statement, where each of these is so or isn't, as it says.
fn under(cases: &[(&When, bool)], statement: TokenStream) -> TokenStream {
    let mut conditions = Vec::new();
    for case in cases {
        match case {
            (When::Always, true) | (When::Never, false) => {}
            (When::Always, false) | (When::Never, true) => return TokenStream::new(),
            (When::If(condition), true) => conditions.push(condition.clone()),
            (When::If(condition), false) => conditions.push(quote_spanned!(Span::mixed_site()=> not(#condition))),
        }
    }
    let conditions =
        (!conditions.is_empty()).then(|| quote_spanned!(Span::mixed_site()=> #[cfg(all(#(#conditions),*))]));
    quote_spanned!(Span::mixed_site()=> #conditions #statement)
}

struct Countdown<'a> {
    cx: Context<'a>,
}

impl Lend for Countdown<'_> {
    fn shared(&self, source: Source, place: Span) -> TokenStream {
        let cell = cell_of(source, place);
        match source {
            Source::Node(_) => quote_spanned!(place=> *#cell),
            Source::Resource(_) => quote_spanned!(place=> #cell),
        }
    }

    fn exclusive(&self, source: Source, place: Span, closure: TokenStream) -> TokenStream {
        let cell = self.shared(source, place);
        quote_spanned!(place=> (&#cell).with_mut(#closure))
    }

    fn taken(&self, source: Source, place: Span) -> TokenStream {
        let cell = self.shared(source, place);
        quote_spanned!(place=> (&#cell).take())
    }
}

fn cell_of(source: Source, place: Span) -> Ident {
    let mut cell = match source {
        Source::Node(node) => local("cell", node),
        Source::Resource(resource) => local("resource", resource),
    };
    cell.set_span(place);
    cell
}

impl Countdown<'_> {
    fn named(&self) -> impl Iterator<Item = usize> {
        let nodes = &self.cx.model.nodes;
        (0..nodes.len()).filter(|&node| nodes[node].name.is_some())
    }

    /// What keeps a result.
    fn kept(&self, node: usize) -> TokenStream {
        let private = self.cx.private;
        let kept = local("kept", node);
        let span = node_span(&self.cx.model.nodes[node]);
        let new = |kind: &str| {
            let kind = Ident::new(kind, Span::mixed_site());
            quote_spanned!(span=> let mut #kept = #private::#kind::new();)
        };
        let read = self.used(Source::Node(node), Access::Shared);
        [under(&[(&read, true)], new("Lent")), under(&[(&read, false)], new("Moved"))].into_iter().collect()
    }

    /// What lends it, and what puts it in.
    fn cell(&self, node: usize) -> (TokenStream, TokenStream) {
        let (kept, cell, fill) = (local("kept", node), local("cell", node), local("fill", node));
        let span = node_span(&self.cx.model.nodes[node]);
        (quote_spanned!(span=> (#cell, #fill)), quote_spanned!(span=> (&mut #kept).open()))
    }

    /// The cell of a resource.
    fn resource(&self, at: usize) -> TokenStream {
        let private = self.cx.private;
        let Resource { name, mutable } = &self.cx.model.resources[at];
        let cell = local("resource", at);
        let span = place(name);
        let written = &self.used(Source::Resource(at), Access::Exclusive);
        let read = &self.used(Source::Resource(at), Access::Shared);
        // Where its exclusive users are off, the user's `mut` has a use all the same.
        let shared = match (written, mutable) {
            (When::If(_), true) => quote_spanned!(span=> &*&mut #name),
            _ => quote_spanned!(span=> &#name),
        };
        let forms = [
            under(
                &[(written, true), (read, true)],
                quote_spanned!(span=> let #cell = #private::LentBoth::new(&mut #name);),
            ),
            under(
                &[(written, true), (read, false)],
                quote_spanned!(span=> let #cell = #private::LentMut::new(&mut #name);),
            ),
            under(&[(written, false)], quote_spanned!(span=> let #cell = #private::LentRef::new(#shared);)),
        ];
        forms.into_iter().collect()
    }

    /// When the value has such users: a node that is off uses nothing.
    fn used(&self, value: Source, access: Access) -> When {
        let model = self.cx.model;
        let mut conditions = Vec::new();
        for user in model.users(value, access) {
            let handle = matches!(value, Source::Node(from) if model.handles[user].contains(&from));
            match is_off(&model.nodes[user].attrs) {
                Some(off) if !handle => conditions.push(quote_spanned!(Span::mixed_site()=> not(#off))),
                // What a background node comes after, it comes after in any case.
                _ => return When::Always,
            }
        }
        match conditions[..] {
            [] => When::Never,
            _ => When::If(quote_spanned!(Span::mixed_site()=> any(#(#conditions),*))),
        }
    }

    /// Runs a node, in a job where that depends on how those before it went; gives whether it succeeded.
    fn run(&self, at: usize, in_job: bool) -> TokenStream {
        let (model, private) = (self.cx.model, self.cx.private);
        let node = &model.nodes[at];
        // What was spawned before the run isn't in its plan. Only the `if` of such a node can fail.
        let needed = model
            .edges
            .iter()
            .filter(|edge| edge.to == at && edge.needs && model.first.contains(&edge.from))
            .map(|edge| spawned(edge.from));
        let before = in_job.then(|| local_ok(Span::mixed_site()));
        let needed: Vec<Ident> = before.into_iter().chain(needed).collect();
        let needed = (!needed.is_empty()).then(|| quote_spanned!(Span::mixed_site()=> #(#needed)&&*));
        let call = self.cx.call(at, self, needed.as_ref());
        match node.name {
            Some(_) => {
                let fill = local("fill", at);
                quote_spanned!(node_span(node)=> #fill.keep(#call))
            }
            None => quote_spanned!(node_span(node)=> #private::ran(&#call)),
        }
    }

    /// The jobs, the plan, and the call that runs them.
    fn graph(&self) -> TokenStream {
        let private = self.cx.private;
        let model = self.cx.model;
        let (nodes, jobs, edges) = self.jobs();
        if jobs.is_empty() {
            return TokenStream::new();
        }
        let closures = locals(jobs.iter().enumerate().map(|(at, job)| self.job(at, job)));

        // The most urgent first. Spawning a background node comes before everything: it takes no time.
        let mut order: Vec<usize> = (0..jobs.len()).collect();
        let spawns = |job: usize| jobs[job].iter().all(|&node| model.is_background(node));
        order.sort_by_key(|&job| (!spawns(job), Reverse(model.ranks[jobs[job][0]]), job));
        let mut place = vec![0; jobs.len()];
        order.iter().enumerate().for_each(|(at, &job)| place[job] = at);

        let specs = order.iter().map(|&job| {
            let succs = edges.iter().filter(|edge| edge.from == job).map(|edge| {
                let (to, needs) = (number(place[edge.to]), edge.needs);
                quote_spanned!(Span::mixed_site()=> #private::Edge { to: #to, needs: #needs })
            });
            let here = model.nodes[jobs[job][0]].place == Place::Here;
            quote_spanned! {Span::mixed_site()=>
                #private::NodeSpec { succs: &[#(#succs),*], here: #here }
            }
        });
        let is_here = |job: usize| model.nodes[jobs[job][0]].place == Place::Here;
        let everywhere = order.iter().map(|&job| {
            let span = capture_span(jobs[job].iter().map(|&node| &model.nodes[node]));
            let name = Ident::new(&local("job", job).to_string(), span);
            match is_here(job) {
                true => quote_spanned!(span=> &mut #private::Nothing),
                false => quote_spanned!(span=> &mut #name),
            }
        });
        let here = order.iter().filter(|&&job| is_here(job)).map(|&job| {
            let name = local("job", job);
            quote_spanned!(Span::mixed_site()=> &mut #name)
        });
        let (count, width) = (jobs.len(), number(graph::width(jobs.len(), &edges)));
        debug_assert!(nodes >= jobs.len());
        quote_spanned! {Span::mixed_site()=> {
            #closures
            #private::run_graph::<#count, { #private::words(#count) }>({
                static __MICROPOOL_PLAN: #private::Plan<#count> = #private::Plan::new([#(#specs),*], #width);
                &__MICROPOOL_PLAN
            }, [#(#everywhere),*], &mut [#(#here),*]);
        }}
    }

    /// How many nodes the run has, its jobs (nodes in order), and the edges between jobs.
    fn jobs(&self) -> (usize, Vec<Vec<usize>>, Vec<Edge>) {
        let model = self.cx.model;
        // Nodes that are spawned before the run have no part in it.
        let rest: Vec<usize> = (0..model.nodes.len()).filter(|node| !model.first.contains(node)).collect();
        let mut number = vec![None; model.nodes.len()];
        rest.iter().enumerate().for_each(|(at, &node)| number[node] = Some(at));
        let edges: Vec<Edge> = model
            .edges
            .iter()
            .filter_map(|edge| Some(Edge { from: number[edge.from]?, to: number[edge.to]?, needs: edge.needs }))
            .collect();
        // A chain is skipped as a whole, so each of its nodes must need the one before.
        let needs = |from: usize, to: usize| edges.iter().any(|e| (e.from, e.to) == (from, to) && e.needs);
        let chains = graph::chains(rest.len(), &edges, |from, to| {
            model.nodes[rest[from]].place == model.nodes[rest[to]].place && needs(from, to)
        });
        let mut job_of = vec![0; rest.len()];
        for (job, chain) in chains.iter().enumerate() {
            chain.iter().for_each(|&node| job_of[node] = job);
        }
        let between = edges
            .iter()
            .map(|edge| Edge { from: job_of[edge.from], to: job_of[edge.to], needs: edge.needs })
            .filter(|edge| edge.from != edge.to)
            .collect();
        let jobs = chains.iter().map(|chain| chain.iter().map(|&node| rest[node]).collect()).collect();
        (rest.len(), jobs, between)
    }

    /// A chain of nodes as one job: it goes on as long as they succeed.
    fn job(&self, at: usize, chain: &[usize]) -> (TokenStream, TokenStream) {
        let private = self.cx.private;
        let nodes = &self.cx.model.nodes;
        let name = local("job", at);
        let span = node_span(&nodes[chain[0]]);
        // A job that needs no other is always told to run.
        let may_not = self.cx.model.edges.iter().any(|edge| edge.to == chain[0] && edge.needs);
        let steps = chain.iter().enumerate().map(|(place, &node)| {
            let (lints, run) = (lints(&nodes[node]), self.run(node, place > 0 || may_not));
            let ok = local_ok(Span::mixed_site());
            quote_spanned!(Span::mixed_site()=> #lints let #ok = #run;)
        });
        let may = match may_not {
            true => local_ok(Span::mixed_site()).into_token_stream(),
            false => quote_spanned!(Span::mixed_site()=> _),
        };
        // rustc shows what is wrong with a closure (it isn't `Send`) on the last expression in it.
        let ok = local_ok(span);
        (quote_spanned!(span=> mut #name), quote_spanned!(span=> #private::OnceJob::new(|#may| { #(#steps)* #ok })))
    }
}
