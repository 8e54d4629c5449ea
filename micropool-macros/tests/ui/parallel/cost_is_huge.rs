fn main() {
    micropool::parallel! {
        #[cost(99999999999999999999)]
        a => 1,
    };
}
