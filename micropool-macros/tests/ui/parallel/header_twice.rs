fn main() {
    micropool::parallel! {
        use;
        use;
        a => 1,
    };
}
