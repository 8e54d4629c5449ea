fn main() {
    micropool::parallel! {
        a => vec![1],
        b(ref a) => a.len(),
    };
}
