fn main() {
    micropool::parallel! {
        a => 1,
        b(a) if *a > 0 => 1 else 2,
    };
}
