fn main() {
    micropool::parallel! {
        background #[cost(1)] a => 1,
        b => 2,
    };
}
