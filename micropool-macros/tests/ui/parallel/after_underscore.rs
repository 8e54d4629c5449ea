fn main() {
    micropool::parallel! {
        a => 1,
        _ => 2,
        b after (a, _) => 3,
    };
}
