fn main() {
    micropool::parallel! {
        a => 1,
        r#a => 2,
    };
}
