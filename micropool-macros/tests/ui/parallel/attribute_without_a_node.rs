fn main() {
    micropool::parallel! {
        a => 1,
        #[cost(3)]
    };
}
