fn main() {
    micropool::parallel! {
        a => 1,
        b(a, mut a) => *a,
    };
}
