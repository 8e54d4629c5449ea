fn main() {
    micropool::parallel! {
        a => 1,
        b after a, => 2,
        c after (a, b,) => 3,
    };
}
