fn main() {
    micropool::parallel! {
        a =>
        b => 2,
    };
}
