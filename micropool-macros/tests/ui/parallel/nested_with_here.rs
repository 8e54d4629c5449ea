fn main() {
    micropool::parallel! {
        nested;
        here a => 1,
    };
}
