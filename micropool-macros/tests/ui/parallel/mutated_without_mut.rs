fn main() {
    micropool::parallel! {
        a => vec![1],
        b(a) => a.push(2),
    };
}
