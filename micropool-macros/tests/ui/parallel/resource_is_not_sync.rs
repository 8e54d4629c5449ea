fn main() {
    let seed = std::cell::Cell::new(1);
    micropool::parallel! {
        use seed;
        a(seed) => seed.get(),
        b => 1,
    };
}
