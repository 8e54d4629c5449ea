fn main() {
    micropool::parallel! {
        a => 1_i32,
        b(a) => a.render(),
    };
}
