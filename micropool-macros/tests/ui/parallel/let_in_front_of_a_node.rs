fn main() {
    micropool::parallel! {
        let a => 1,
        b(a) => *a,
    };
}
