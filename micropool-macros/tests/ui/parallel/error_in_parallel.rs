fn main() {
    micropool::parallel! {
        error String;
        a => 1,
    };
}
