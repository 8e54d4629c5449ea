fn main() {
    micropool::parallel! {
        _ => 1,
        b(_) => 2,
    };
}
