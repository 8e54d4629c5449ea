use super::*;

fn needs(pairs: &[(usize, usize)]) -> Vec<Edge> {
    pairs.iter().map(|&(from, to)| Edge { from, to, needs: true }).collect()
}

fn shape_of(n: usize, pairs: &[(usize, usize)]) -> Result<Shape, Obstacle> {
    let nodes: Vec<usize> = (0..n).collect();
    shape(&nodes, &closure(n, &needs(pairs)))
}

fn users(producer: Option<usize>, users: &[(usize, Access)]) -> Value {
    Value { producer, users: users.to_vec() }
}

#[test]
fn shared_users_are_free_and_exclusive_ones_are_not() {
    use Access::{Exclusive, Shared};
    let value = users(Some(0), &[(1, Shared), (2, Shared), (3, Exclusive), (4, Shared)]);
    let found = edges(&[value], &[]);
    let find = |from, to| found.iter().find(|edge| (edge.from, edge.to) == (from, to)).map(|edge| edge.needs);
    assert_eq!(find(0, 1), Some(true));
    assert_eq!(find(1, 2), None);
    assert_eq!(find(1, 3), Some(false));
    assert_eq!(find(2, 3), Some(false));
    assert_eq!(find(3, 4), Some(true));
    assert_eq!(find(1, 4), None);
}

#[test]
fn an_edge_needs_if_one_reason_does() {
    let value = users(None, &[(0, Access::Shared), (1, Access::Exclusive)]);
    assert_eq!(edges(&[value], &[(0, 1)]), needs(&[(0, 1)]));
}

#[test]
fn reduction_keeps_the_way_of_failures() {
    // 0 -> 1 -> 2 and 0 -> 2: the last goes only if a failure of 0 still reaches 2.
    let mut all = needs(&[(0, 1), (1, 2), (0, 2)]);
    assert_eq!(reduce(3, &all), needs(&[(0, 1), (1, 2)]));
    all[1].needs = false;
    assert_eq!(reduce(3, &all).len(), 3);
    all[2].needs = false;
    assert_eq!(reduce(3, &all).len(), 2);
}

#[test]
fn rank_is_the_longest_way_to_the_end() {
    let edges = needs(&[(0, 1), (1, 3), (0, 2)]);
    assert_eq!(ranks(&[1; 5], &edges), [3, 2, 1, 1, 1]);
    assert_eq!(ranks(&[1, 1, 10, 1, 0], &edges), [11, 2, 10, 1, 0]);
}

#[test]
fn width_is_the_widest_level() {
    assert_eq!(width(5, &needs(&[(0, 1), (0, 2), (0, 3), (3, 4)])), 3);
    assert_eq!(width(0, &[]), 0);
}

#[test]
fn chains_are_one_job() {
    let edges = needs(&[(0, 1), (1, 2), (2, 3), (2, 4)]);
    assert_eq!(chains(6, &edges, |_, _| true), [vec![0, 1, 2], vec![3], vec![4], vec![5]]);
    assert_eq!(chains(3, &edges[..2], |a, _| a != 1), [vec![0, 1], vec![2]]);
}

#[test]
fn a_diamond_is_series_parallel() {
    use Shape::{Node, Parallel, Series};
    assert_eq!(
        shape_of(4, &[(0, 1), (0, 2), (1, 3), (2, 3)]),
        Ok(Series(vec![Node(0), Parallel(vec![Node(1), Node(2)]), Node(3)]))
    );
    assert_eq!(shape_of(3, &[(0, 2)]), Ok(Parallel(vec![Series(vec![Node(0), Node(2)]), Node(1)])));
}

#[test]
fn an_n_is_not() {
    assert_eq!(shape_of(4, &[(0, 2), (1, 2), (1, 3)]), Err(Obstacle { from: 1, to: 2, other: 0, free: 3 }));
}

#[test]
fn a_way_is_the_shortest() {
    let named = [vec![1, 2], vec![3], vec![3], vec![0], vec![]];
    assert_eq!(way(&named, 0, 3), Some(vec![0, 1, 3]));
    assert_eq!(way(&named, 3, 1), Some(vec![3, 0, 1]));
    assert_eq!(way(&named, 0, 0), Some(vec![0]));
    assert_eq!(way(&named, 0, 4), None);
}

#[test]
fn what_a_node_needs_moves_along() {
    // 4 needs 3 and 1; 3 needs 2 and 0. Above 1 it goes with 2 and 3.
    let named = [vec![], vec![], vec![], vec![2, 0], vec![3, 1]];
    assert_eq!(moved_along(&named, 4, 1), [2, 3, 4]);
    assert_eq!(moved_along(&named, 4, 3), [4]);
}

#[test]
fn two_hundred_nodes() {
    let chain: Vec<(usize, usize)> = (1..200).map(|to| (to - 1, to)).collect();
    assert!(matches!(shape_of(200, &chain), Ok(Shape::Series(parts)) if parts.len() == 200));
    assert!(matches!(shape_of(200, &[]), Ok(Shape::Parallel(parts)) if parts.len() == 200));
}
