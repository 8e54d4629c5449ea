//! Random graphs against what the words mean, worked out as naively as can be.

use super::*;
use crate::dice::Dice;

/// Which pairs there are, as a table.
type Table = Vec<Vec<bool>>;

fn table(n: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Table {
    let mut table = vec![vec![false; n]; n];
    pairs.into_iter().for_each(|(from, to)| table[from][to] = true);
    table
}

/// Warshall's: whatever can be reached in one step or more.
fn closed(mut table: Table) -> Table {
    let n = table.len();
    for over in 0..n {
        for from in 0..n {
            for to in 0..n {
                table[from][to] |= table[from][over] && table[over][to];
            }
        }
    }
    table
}

fn order(n: usize, edges: &[Edge], keep: impl Fn(&Edge) -> bool) -> Table {
    closed(table(n, edges.iter().filter(|edge| keep(edge)).map(|edge| (edge.from, edge.to))))
}

fn as_table(n: usize, relation: &Relation) -> Table {
    (0..n).map(|from| (0..n).map(|to| relation.has(from, to)).collect()).collect()
}

fn random_edges(dice: &mut Dice) -> (usize, Vec<Edge>) {
    let most = if dice.below(20) == 0 { 90 } else { 10 };
    let (n, density) = (1 + dice.below(most), 2 + dice.below(8));
    let mut edges = Vec::new();
    for to in 1..n {
        for from in 0..to {
            if dice.below(density) == 0 {
                edges.push(Edge { from, to, needs: dice.below(3) > 0 });
            }
        }
    }
    (n, edges)
}

/// The longest way from `node` on, by trying each.
fn longest(node: usize, costs: &[u64], edges: &[Edge]) -> u64 {
    let ways = edges.iter().filter(|edge| edge.from == node).map(|edge| longest(edge.to, costs, edges));
    costs[node] + ways.max().unwrap_or(0)
}

#[test]
fn users_of_a_value_are_ordered_where_they_conflict() {
    for seed in 0..2_000 {
        let mut dice = Dice(seed);
        let n = 1 + dice.below(12);
        let mut values = Vec::new();
        for producer in 0..n + dice.below(4) {
            let producer = (producer < n).then_some(producer);
            let first = producer.map_or(0, |producer| producer + 1);
            let density = 1 + dice.below(4);
            let users: Vec<usize> = (first..n).filter(|_| dice.below(density) == 0).collect();
            let access = |dice: &mut Dice| if dice.below(2) == 0 { Access::Shared } else { Access::Exclusive };
            values.push(Value { producer, users: users.into_iter().map(|user| (user, access(&mut dice))).collect() });
        }
        let afters: Vec<(usize, usize)> =
            (0..dice.below(4)).map(|_| (dice.below(n), dice.below(n))).filter(|(from, to)| from < to).collect();

        let (mut any, mut needs) = (afters.clone(), afters.clone());
        for value in &values {
            for (at, &(user, access)) in value.users.iter().enumerate() {
                needs.extend(value.producer.map(|producer| (producer, user)));
                for &(later, other) in &value.users[at + 1..] {
                    if access == Access::Exclusive {
                        needs.push((user, later));
                    } else if other == Access::Exclusive {
                        any.push((user, later));
                    }
                }
            }
        }
        any.extend(&needs);
        let found = edges(&values, &afters);
        assert_eq!(order(n, &found, |_| true), closed(table(n, any)), "seed {seed}");
        assert_eq!(order(n, &found, |edge| edge.needs), closed(table(n, needs)), "seed {seed}");
        let mut ends: Vec<(usize, usize)> = found.iter().map(|edge| (edge.from, edge.to)).collect();
        ends.sort_unstable();
        ends.dedup();
        assert_eq!(ends.len(), found.len(), "seed {seed}: two edges with the same ends");
    }
}

#[test]
fn closures_are_all_that_can_be_reached() {
    for seed in 0..1_000 {
        let (n, edges) = random_edges(&mut Dice(seed));
        assert_eq!(as_table(n, &closure(n, &edges)), order(n, &edges, |_| true), "seed {seed}");
    }
}

#[test]
fn reduction_takes_away_what_follows_and_nothing_else() {
    for seed in 0..1_000 {
        let (n, edges) = random_edges(&mut Dice(seed));
        let (any, needs) = (order(n, &edges, |_| true), order(n, &edges, |edge| edge.needs));
        let few = reduce(n, &edges);
        assert_eq!(order(n, &few, |_| true), any, "seed {seed}");
        assert_eq!(order(n, &few, |edge| edge.needs), needs, "seed {seed}");
        for edge in &few {
            let over = |table: &Table| (0..n).any(|node| table[edge.from][node] && table[node][edge.to]);
            assert!(!over(if edge.needs { &needs } else { &any }), "seed {seed}: {edge:?} follows from others");
        }
    }
}

#[test]
fn ranks_are_the_longest_of_all_ways() {
    for seed in 0..1_000 {
        let mut dice = Dice(seed);
        let (n, edges) = random_edges(&mut dice);
        if n > 10 {
            continue;
        }
        let costs: Vec<u64> = (0..n).map(|_| dice.below(5) as u64).collect();
        let expected: Vec<u64> = (0..n).map(|node| longest(node, &costs, &edges)).collect();
        assert_eq!(ranks(&costs, &edges), expected, "seed {seed}");

        // Levels are the longest ways turned round.
        let turned: Vec<Edge> = edges.iter().map(|edge| Edge { from: edge.to, to: edge.from, ..*edge }).collect();
        let levels: Vec<u64> = (0..n).map(|node| longest(node, &vec![1; n], &turned)).collect();
        let widest = levels.iter().map(|level| levels.iter().filter(|other| *other == level).count()).max();
        assert_eq!(Some(width(n, &edges)), widest, "seed {seed}");
    }
}

/// The pairs of a shape.
fn relate(shape: &Shape, into: &mut Table) {
    match shape {
        Shape::Node(_) => {}
        Shape::Parallel(parts) => parts.iter().for_each(|part| relate(part, into)),
        Shape::Series(parts) => {
            parts.iter().for_each(|part| relate(part, into));
            for (at, first) in parts.iter().enumerate() {
                for second in &parts[at + 1..] {
                    for from in first.nodes() {
                        second.nodes().into_iter().for_each(|to| into[from][to] = true);
                    }
                }
            }
        }
    }
}

/// Whether `from → to ← other` and `from → free` and no others of the four are ordered.
fn is_n(order: &Table, Obstacle { from, to, other, free }: Obstacle) -> bool {
    let apart = |a: usize, b: usize| a != b && !order[a][b] && !order[b][a];
    order[from][to]
        && order[other][to]
        && order[from][free]
        && apart(from, other)
        && apart(to, free)
        && apart(other, free)
}

#[test]
fn an_order_is_series_parallel_or_has_an_n() {
    let (mut right, mut wrong) = (0, 0);
    for seed in 0..3_000 {
        let mut dice = Dice(seed);
        let (n, edges) = random_edges(&mut dice);
        let before = closure(n, &edges);
        let order = as_table(n, &before);
        // Any of the nodes, for the forms leave some out.
        let nodes: Vec<usize> = (0..n).filter(|_| n > 5 || dice.below(8) > 0).collect();
        if nodes.is_empty() || n > 12 {
            continue;
        }
        let mut quadruples = nodes.iter().flat_map(|&from| {
            let nodes = &nodes;
            nodes.iter().flat_map(move |&to| {
                nodes.iter().flat_map(move |&other| nodes.iter().map(move |&free| Obstacle { from, to, other, free }))
            })
        });
        let has_n = quadruples.any(|obstacle| is_n(&order, obstacle));
        match shape(&nodes, &before) {
            Ok(shape) => {
                right += 1;
                assert!(!has_n, "seed {seed}");
                assert_eq!(shape.nodes(), nodes, "seed {seed}");
                let mut again = table(n, []);
                relate(&shape, &mut again);
                for &from in &nodes {
                    for &to in &nodes {
                        assert_eq!(again[from][to], order[from][to], "seed {seed}: {from} and {to} in {shape:?}");
                    }
                }
            }
            Err(obstacle) => {
                wrong += 1;
                assert!(has_n && is_n(&order, obstacle), "seed {seed}: {obstacle:?}");
            }
        }
    }
    assert!(right > 300 && wrong > 300, "{right} are series-parallel, {wrong} aren't");
}

#[test]
fn ways_are_the_shortest_and_found_if_there_are_any() {
    for seed in 0..2_000 {
        let mut dice = Dice(seed);
        let (n, density) = (1 + dice.below(9), 2 + dice.below(5));
        // Names may stand anywhere: below, above, in a circle.
        let named: Vec<Vec<usize>> = (0..n).map(|_| (0..n).filter(|_| dice.below(density) == 0).collect()).collect();
        let (from, to) = (dice.below(n), dice.below(n));
        let mut distance = vec![usize::MAX; n];
        distance[from] = 0;
        for _ in 0..n {
            for node in 0..n {
                for &next in &named[node] {
                    distance[next] = distance[next].min(distance[node].saturating_add(1));
                }
            }
        }
        match way(&named, from, to) {
            None => assert_eq!(distance[to], usize::MAX, "seed {seed}"),
            Some(way) => {
                assert_eq!((way[0], way[way.len() - 1], way.len()), (from, to, distance[to] + 1), "seed {seed}");
                assert!(way.windows(2).all(|step| named[step[0]].contains(&step[1])), "seed {seed}: {way:?}");
            }
        }

        let top = dice.below(n);
        let mut moved = vec![false; n];
        moved[from] = true;
        for _ in 0..n {
            for node in (0..n).filter(|&node| moved[node]).collect::<Vec<_>>() {
                named[node].iter().filter(|&&next| next > top).for_each(|&next| moved[next] = true);
            }
        }
        let expected: Vec<usize> = (0..n).filter(|&node| moved[node]).collect();
        assert_eq!(moved_along(&named, from, top), expected, "seed {seed}");
    }
}

#[test]
fn chains_are_as_long_as_can_be() {
    for seed in 0..1_000 {
        let mut dice = Dice(seed);
        let (n, edges) = random_edges(&mut dice);
        let edges = reduce(n, &edges);
        let apart = dice.below(n);
        let together = |from: usize, _: usize| from != apart;
        let follows = |from: usize, to: usize| {
            together(from, to)
                && edges.iter().filter(|edge| edge.from == from).count() == 1
                && edges.iter().filter(|edge| edge.to == to).count() == 1
                && edges.iter().any(|edge| (edge.from, edge.to) == (from, to))
        };
        let jobs = chains(n, &edges, together);
        let mut all: Vec<usize> = jobs.concat();
        assert!(jobs.is_sorted_by_key(|job| job[0]), "seed {seed}");
        for job in &jobs {
            assert!(job.windows(2).all(|step| follows(step[0], step[1])), "seed {seed}: {job:?}");
            let (first, last) = (job[0], job[job.len() - 1]);
            assert!((0..n).all(|node| !follows(node, first) && !follows(last, node)), "seed {seed}: {job:?} goes on");
        }
        all.sort_unstable();
        assert!(all.into_iter().eq(0..n), "seed {seed}");
    }
}
