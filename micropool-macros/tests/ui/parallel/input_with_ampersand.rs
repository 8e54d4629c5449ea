fn main() {
    micropool::parallel! {
        a => 1,
        b(&a) => *a,
    };
}
