fn main() {
    micropool::parallel! {
        a => 1 => 2,
        b => 3,
    };
}
