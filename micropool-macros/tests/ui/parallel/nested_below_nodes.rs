fn main() {
    micropool::parallel! {
        a => 1,
        nested;
        b => 2,
    };
}
