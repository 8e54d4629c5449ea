fn main() {
    micropool::parallel! {
        #[cost(2)]
        #[cost(3)]
        a => 1,
    };
}
