fn main() {
    micropool::parallel! {
        a => String::new(),
        background save(a) => a.len(),
    };
}
