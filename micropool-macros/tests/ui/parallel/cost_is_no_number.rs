fn main() {
    micropool::parallel! {
        #[cost(much)]
        a => 1,
    };
}
