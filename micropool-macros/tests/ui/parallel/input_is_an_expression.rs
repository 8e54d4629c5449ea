fn main() {
    struct S { x: i32 }
    micropool::parallel! {
        a => S { x: 1 },
        b(a.x) => a,
    };
}
