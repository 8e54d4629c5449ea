fn main() {
    micropool::parallel! {
        a => vec![1],
        b(mut move a) => a.push(2),
    };
}
