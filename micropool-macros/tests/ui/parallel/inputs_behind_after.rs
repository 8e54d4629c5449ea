fn main() {
    micropool::parallel! {
        a => 1,
        b after a (a) => *a,
    };
}
