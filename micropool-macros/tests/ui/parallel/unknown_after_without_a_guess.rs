fn main() {
    micropool::parallel! {
        physics => 1,
        render after loading => 2,
    };
}
