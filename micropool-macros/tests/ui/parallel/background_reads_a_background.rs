fn main() {
    micropool::parallel! {
        background load => String::new(),
        background parse(load) => load.len(),
    };
}
