fn main() {
    micropool::parallel! {
        a => vec![1],
        b after (move a) => a,
    };
}
