fn main() {
    micropool::parallel! {
        a => 1,
        b => 2,
        c after a, b => 3,
    };
}
