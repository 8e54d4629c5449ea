fn main() {
    micropool::parallel! {
        a => vec![1],
        b(move mut a) => a.push(2),
    };
}
