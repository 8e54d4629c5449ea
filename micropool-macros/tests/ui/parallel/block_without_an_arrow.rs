fn main() {
    micropool::parallel! {
        a { 1 },
        b => 2,
    };
}
