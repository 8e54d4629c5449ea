//! The graph as numbers: no tokens, no macros. Nodes are `0..n` in source order, and every edge goes from a smaller to
//! a larger number, so source order is an order in which the nodes can run.
//!
//! An edge either *needs* its source (an input, an `after`, an earlier exclusive user: if the source fails, the target
//! doesn't run) or only comes after it (an exclusive user after the shared users above it).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How a node uses a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Together with other shared users.
    Shared,
    /// Alone: `mut` and `move`.
    Exclusive,
}

/// One edge of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    /// Whether a failure of `from` keeps `to` from running.
    pub needs: bool,
}

/// The users of one value, in source order.
#[derive(Clone, Debug, Default)]
pub struct Value {
    /// The node that makes it; a resource has none.
    pub producer: Option<usize>,
    pub users: Vec<(usize, Access)>,
}

/// A square table of bits: which node comes before which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    words: usize,
    bits: Vec<u64>,
}

impl Relation {
    fn new(n: usize) -> Self {
        let words = n.div_ceil(64);
        Self { words, bits: vec![0; words * n] }
    }

    pub fn has(&self, from: usize, to: usize) -> bool {
        self.bits[from * self.words + to / 64] >> (to % 64) & 1 == 1
    }

    fn add(&mut self, from: usize, to: usize) {
        self.bits[from * self.words + to / 64] |= 1 << (to % 64);
    }

    /// What `to` reaches, `from` reaches too.
    fn inherit(&mut self, from: usize, to: usize) {
        for word in 0..self.words {
            let theirs = self.bits[to * self.words + word];
            self.bits[from * self.words + word] |= theirs;
        }
    }

    /// Whether one of the two comes before the other.
    fn comparable(&self, a: usize, b: usize) -> bool {
        self.has(a, b) || self.has(b, a)
    }
}

/// Series-parallel structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    Node(usize),
    /// One after the other.
    Series(Vec<Shape>),
    /// Independent of each other.
    Parallel(Vec<Shape>),
}

impl Shape {
    /// Its nodes in source order.
    pub fn nodes(&self) -> Vec<usize> {
        match self {
            Shape::Node(node) => vec![*node],
            Shape::Series(parts) | Shape::Parallel(parts) => {
                let mut nodes: Vec<usize> = parts.iter().flat_map(Shape::nodes).collect();
                nodes.sort_unstable();
                nodes
            }
        }
    }
}

/// Why a graph isn't series-parallel: `to` waits for `from` and for `other`, while `free` waits for `from` only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Obstacle {
    pub from: usize,
    pub to: usize,
    pub other: usize,
    pub free: usize,
}

/// All edges: from producers to users, between conflicting users, and the `after`s. No two have the same ends.
pub fn edges(values: &[Value], afters: &[(usize, usize)]) -> Vec<Edge> {
    let mut all = BTreeMap::new();
    let mut add = |from: usize, to: usize, needs: bool| {
        if from != to {
            *all.entry((to, from)).or_insert(false) |= needs;
        }
    };
    for value in values {
        // The last exclusive user so far, and the shared ones since.
        let mut holder = None;
        let mut readers: Vec<usize> = Vec::new();
        for &(user, access) in &value.users {
            if let Some(producer) = value.producer {
                add(producer, user, true);
            }
            if let Some(holder) = holder {
                add(holder, user, true);
            }
            match access {
                Access::Shared => readers.push(user),
                Access::Exclusive => {
                    for reader in readers.drain(..) {
                        add(reader, user, false);
                    }
                    holder = Some(user);
                }
            }
        }
    }
    for &(from, to) in afters {
        add(from, to, true);
    }
    all.into_iter().map(|((to, from), needs)| Edge { from, to, needs }).collect()
}

/// Who comes before whom, directly or through others, over the edges that `keep` lets through.
fn closure_of(n: usize, edges: &[Edge], keep: impl Fn(&Edge) -> bool) -> Relation {
    let mut relation = Relation::new(n);
    let mut sorted: Vec<&Edge> = edges.iter().filter(|edge| keep(edge)).collect();
    // Targets of a node are complete before the node itself: all have larger numbers.
    sorted.sort_unstable_by_key(|edge| std::cmp::Reverse(edge.from));
    for edge in sorted {
        relation.add(edge.from, edge.to);
        relation.inherit(edge.from, edge.to);
    }
    relation
}

/// Who comes before whom, directly or through others.
pub fn closure(n: usize, edges: &[Edge]) -> Relation {
    closure_of(n, edges, |_| true)
}

/// The edges that say something the others don't. An edge that needs its source goes only if a way of such edges
/// remains: a failure must travel as far as before.
pub fn reduce(n: usize, edges: &[Edge]) -> Vec<Edge> {
    let any = closure(n, edges);
    let needs = closure_of(n, edges, |edge| edge.needs);
    let redundant = |edge: &Edge| {
        edges.iter().any(|first| {
            first.from == edge.from
                && first.to != edge.to
                && if edge.needs { first.needs && needs.has(first.to, edge.to) } else { any.has(first.to, edge.to) }
        })
    };
    edges.iter().filter(|edge| !redundant(edge)).copied().collect()
}

/// For each node the longest way to the end of the graph, itself included, each node counting its cost.
pub fn ranks(costs: &[u64], edges: &[Edge]) -> Vec<u64> {
    let mut ranks = costs.to_vec();
    let mut sorted: Vec<&Edge> = edges.iter().collect();
    sorted.sort_unstable_by_key(|edge| std::cmp::Reverse(edge.from));
    for edge in sorted {
        ranks[edge.from] = ranks[edge.from].max(costs[edge.from].saturating_add(ranks[edge.to]));
    }
    ranks
}

/// The shortest way from `from` to `to` over the nodes that each names, both ends included; whatever stands above what.
pub fn way(named: &[Vec<usize>], from: usize, to: usize) -> Option<Vec<usize>> {
    let mut reached_by = vec![None; named.len()];
    reached_by[from] = Some(from);
    let mut front = VecDeque::from([from]);
    while let Some(node) = front.pop_front() {
        if node == to {
            let mut way = vec![to];
            while let Some(&node) = way.last().filter(|&&node| node != from) {
                way.extend(reached_by[node]);
            }
            way.reverse();
            return Some(way);
        }
        for &next in &named[node] {
            if reached_by[next].is_none() {
                reached_by[next] = Some(node);
                front.push_back(next);
            }
        }
    }
    None
}

/// The nodes below `top` that `node` needs, directly or through others, itself included: those that move if it moves
/// above `top`.
pub fn moved_along(named: &[Vec<usize>], node: usize, top: usize) -> Vec<usize> {
    let mut moved = BTreeSet::from([node]);
    let mut rest = vec![node];
    while let Some(node) = rest.pop() {
        rest.extend(named[node].iter().filter(|&&next| next > top && moved.insert(next)));
    }
    moved.into_iter().collect()
}

/// The size of the widest level, a level being the nodes with equally long ways from the start.
pub fn width(n: usize, edges: &[Edge]) -> usize {
    let mut level = vec![0_usize; n];
    let mut sorted: Vec<&Edge> = edges.iter().collect();
    sorted.sort_unstable_by_key(|edge| edge.from);
    for edge in sorted {
        level[edge.to] = level[edge.to].max(level[edge.from] + 1);
    }
    (0..n).map(|l| level.iter().filter(|&&other| other == l).count()).max().unwrap_or(0)
}

/// Joins nodes with one predecessor and one successor each into jobs, as far as `together` allows. Each job's nodes
/// are in order, and jobs are in the order of their first nodes.
pub fn chains(n: usize, edges: &[Edge], together: impl Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let mut preds = vec![Vec::new(); n];
    let mut succs = vec![Vec::new(); n];
    for edge in edges {
        preds[edge.to].push(edge.from);
        succs[edge.from].push(edge.to);
    }
    let mut jobs: Vec<Vec<usize>> = Vec::new();
    let mut job_of = vec![0; n];
    for node in 0..n {
        job_of[node] = match preds[node][..] {
            [pred] if succs[pred].len() == 1 && together(pred, node) => job_of[pred],
            _ => {
                jobs.push(Vec::new());
                jobs.len() - 1
            }
        };
        jobs[job_of[node]].push(node);
    }
    jobs
}

/// The series-parallel structure of the order `before` on `nodes` (not empty, in source order).
///
/// An order is series-parallel if it is a single node, or falls apart into parts that have nothing to do with each
/// other (the components of "is comparable"), or into parts that come after each other entirely (the components of
/// "is not comparable"), and each part is series-parallel again.
pub fn shape(nodes: &[usize], before: &Relation) -> Result<Shape, Obstacle> {
    if let [node] = nodes {
        return Ok(Shape::Node(*node));
    }
    let apart = components(nodes, |a, b| before.comparable(a, b));
    if apart.len() > 1 {
        let parts = apart.iter().map(|part| shape(part, before)).collect::<Result<_, _>>()?;
        return Ok(Shape::Parallel(parts));
    }
    let mut ordered = components(nodes, |a, b| !before.comparable(a, b));
    if ordered.len() > 1 {
        // Any node of one part is before, or after, all nodes of another.
        ordered.sort_by(|a, b| match before.has(a[0], b[0]) {
            true => std::cmp::Ordering::Less,
            false => std::cmp::Ordering::Greater,
        });
        let parts = ordered.iter().map(|part| shape(part, before)).collect::<Result<_, _>>()?;
        return Ok(Shape::Series(parts));
    }
    Err(obstacle(nodes, before))
}

/// The parts of `nodes` that are connected by `joined`, each in source order, in the order of their first nodes.
fn components(nodes: &[usize], joined: impl Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let mut left: Vec<usize> = nodes.to_vec();
    let mut parts = Vec::new();
    while !left.is_empty() {
        let mut part = vec![left.remove(0)];
        let mut next = 0;
        while let Some(&node) = part.get(next) {
            next += 1;
            left.retain(|&other| {
                let take = joined(node, other);
                if take {
                    part.push(other);
                }
                !take
            });
        }
        part.sort_unstable();
        parts.push(part);
    }
    parts
}

/// The N in an order that isn't series-parallel: there always is one. One whose middle stroke is as short as can be is
/// the easiest to see.
fn obstacle(nodes: &[usize], before: &Relation) -> Obstacle {
    let mut best: Option<Obstacle> = None;
    for &from in nodes {
        for &to in nodes.iter().filter(|&&to| before.has(from, to)) {
            if best.is_some_and(|best| best.to - best.from <= to - from) {
                continue;
            }
            let others = nodes.iter().filter(|&&x| before.has(x, to) && x != from && !before.comparable(x, from));
            for &other in others {
                let mut frees = nodes.iter().filter(|&&x| {
                    before.has(from, x) && x != to && !before.comparable(x, to) && !before.comparable(x, other)
                });
                if let Some(&free) = frees.next() {
                    best = Some(Obstacle { from, to, other, free });
                    break;
                }
            }
        }
    }
    best.expect("an order that isn't series-parallel contains an N")
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
