fn main() {
    micropool::parallel! {
        a => 1,
        backgroud save(move a) => a,
    };
}
