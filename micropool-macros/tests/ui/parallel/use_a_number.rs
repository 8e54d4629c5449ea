fn main() {
    micropool::parallel! {
        use 5;
        a => 1,
    };
    micropool::parallel! {
        use mut fn;
        a => 1,
    };
}
