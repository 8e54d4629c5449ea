fn main() {
    struct S { x: i32 }
    let s = S { x: 1 };
    micropool::parallel! {
        use s.x;
        a(x) => *x,
    };
}
