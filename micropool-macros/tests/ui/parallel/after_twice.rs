fn main() {
    micropool::parallel! {
        a => 1,
        b after a after a => 2,
    };
}
