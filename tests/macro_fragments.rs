//! Our macros within a `macro_rules!` of the user's: a fragment means there what it means elsewhere.

#![deny(warnings)]

macro_rules! operands {
    ($e:expr) => {
        micropool::parallel! { a => $e * 2, b(a) if *a == $e * 2 => $e.pow(2), c => 10 - $e }
    };
}

macro_rules! whole {
    ($p:expr; $c:expr, $e:expr) => {
        micropool::parallel! { in $p; a if $c => $e, b => i32::abs($e) }
    };
}

macro_rules! blocks {
    ($a:block $b:block) => {
        micropool::parallel! { a => $a b(a) => $b }
    };
}

macro_rules! jobs {
    ($name:ident, $background:ident, $e:expr) => {
        #[micropool::job]
        fn $name() -> i32 {
            $e * 2
        }
        #[micropool::job(background)]
        fn $background() -> i32 {
            10 - $e
        }
    };
}
jobs!(twice, rest, 1 + 1);

#[test]
fn an_operator_beside_a_fragment_takes_all_of_it() {
    let graph = operands!(1_i32 + 1);
    assert_eq!((graph.a, graph.b, graph.c), (4, Some(4), 8));
    assert_eq!((twice(), rest().join()), (4, 8));
}

#[test]
fn a_fragment_may_be_the_whole_of_a_part() {
    let pools = [micropool::ThreadPoolBuilder::new().num_threads(1).build().expect("threads can be made")];
    let graph = whole!(pools[0]; 1 < 2, 1 - 3);
    assert_eq!((graph.a, graph.b), (Some(-2), 2));
}

#[test]
fn a_block_needs_no_comma() {
    let graph = blocks!({ 1 } { 2 });
    assert_eq!((graph.a, graph.b), (1, 2));
}
