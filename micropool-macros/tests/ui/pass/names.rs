//! Whatever the user's items are called: the expansion's own names are no patterns of his constants, its types none of his, and
//! his traits for all types don't come before its methods.
#![allow(dead_code, non_upper_case_globals, non_camel_case_types)]

/// Constants, statics and unit structs: any binding of that name would be a pattern of them.
macro_rules! items {
    (const $($name:ident)*) => { $(const $name: char = 'x';)* };
    (static $($name:ident)*) => { $(static $name: char = 'x';)* };
    (struct $($name:ident)*) => { $(struct $name;)* };
}

items!(const block run ok ok0 ok1 ok2 ok3 result0 result1 result2 result3 cell0 cell1 cell2 cell3 error condition work job);
items!(static value0 value1 value2 value3 job0 job1 job2 branch0 branch1 branch2 resource0 resource1 spawned0 pool PLAN);
items!(struct handle0 handle1 read1 read2 parameter0 parameter1 start typed);
items!(struct usize u32 bool u64 i32 str T0 T1 P0 P1 R F E Parallel Task SharedTask Option Result Send Sync Clone Debug);
items!(struct Some Ok Err Block Edge Plan NodeSpec Nothing Lent Moved Read);
const None: char = 'x';

mod std {}
mod core {}
mod micropool_macros {}

/// They take `self` as what the expansion calls does.
#[allow(clippy::wrong_self_convention)]
trait ForAll {
    fn run(self, _: char) -> char;
    fn run_try(self, _: char) -> char;
    fn fork(self) -> char;
    fn spawn(self) -> char;
    fn spawn_after(self) -> char;
    fn with_mut(self) -> char;
    fn with_ref(self) -> char;
    fn take(self) -> char;
    fn open(self) -> char;
    fn keep(self) -> char;
    fn into_inner(&self) -> char;
    fn is_some(self) -> char;
    fn read(self) -> char;
    fn clone(self) -> char;
}

#[rustfmt::skip]
impl<T> ForAll for T {
    fn run(self, _: char) -> char { 'x' }
    fn run_try(self, _: char) -> char { 'x' }
    fn fork(self) -> char { 'x' }
    fn spawn(self) -> char { 'x' }
    fn spawn_after(self) -> char { 'x' }
    fn with_mut(self) -> char { 'x' }
    fn with_ref(self) -> char { 'x' }
    fn take(self) -> char { 'x' }
    fn open(self) -> char { 'x' }
    fn keep(self) -> char { 'x' }
    fn into_inner(&self) -> char { 'x' }
    fn is_some(self) -> char { 'x' }
    fn read(self) -> char { 'x' }
    fn clone(self) -> char { 'x' }
}

#[micropool::job(background)]
fn double(n: ::std::primitive::u8, (m, _): (::std::primitive::u8, ())) -> ::std::primitive::u8 {
    assert_eq!((work, job, parameter0_is()), ('x', 'x', 'x'));
    n * m
}

#[micropool::job(background, shared)]
fn half(#[after] n: ::std::primitive::u8) -> ::std::primitive::u8 {
    n / 2
}

#[micropool::job]
fn here(n: ::std::primitive::u8) -> ::std::primitive::u8 {
    assert_eq!(job, 'x');
    n
}

fn parameter0_is() -> char {
    let parameter0 = parameter0;
    let parameter0 {} = parameter0;
    block
}

fn main() {
    let mut world = 1;
    let threads = micropool::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let nested = micropool::parallel! {
        in threads;
        nested;
        a => (block, result0, ok0),
        b(a) if a.0 == 'x' => (a.1, value1),
        c(clone a) => a.2,
        d(move c, mut b) => { *b = ::std::option::Option::None; (c, branch1) },
        background e => (pool, condition),
        background f(move e) if e.0 == 'x' => e.1,
    };
    assert_eq!((nested.d, nested.b), (('x', 'x'), ::std::option::Option::None));
    assert_eq!(nested.f.join(), ::std::option::Option::Some('x'));
    let wide = micropool::parallel! { a => 1, b => 2, c => 3, d => 4, e => 5, f => 6, g => (branch0, PLAN) };
    assert_eq!(wide.g, ('x', 'x'));
    let countdown = micropool::parallel! {
        use mut world;
        a(mut world) => { *world += 1; (cell0, job0) }
        b(world, a) => (*world, a.0),
        c(move a, mut world) if a.0 == 'x' => { *world += 1; ok }
        _(c) => assert_eq!(c.unwrap(), 'x'),
        background early if spawned0 == 'x' => spawned0,
        background late after early => resource0,
    };
    assert_eq!((countdown.b, countdown.c, world), ((2, 'x'), ::std::option::Option::Some('x'), 3));
    assert_eq!(countdown.late.join(), 'x');
    let tried = micropool::try_parallel! {
        a => if error == 'x' { ::std::result::Result::Ok(1) } else { ::std::result::Result::Err(()) },
        _(a) if *a == 1 => ::std::result::Result::Ok(()),
    };
    assert_eq!(tried.unwrap().a, 1);
    assert_eq!(*half(double(3, (4, ()))).join() + here(1), 7);
}
