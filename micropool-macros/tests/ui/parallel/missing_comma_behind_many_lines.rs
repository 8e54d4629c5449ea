fn main() {
    micropool::parallel! {
        a => [1, 2]
            .iter()
            .sum::<i32>()
        background b => 2,
    };
}
