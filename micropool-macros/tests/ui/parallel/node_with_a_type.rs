fn main() {
    micropool::parallel! {
        a: u32 => 1,
        b(a) => *a,
    };
}
