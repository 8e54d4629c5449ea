fn main() {
    let mut x = 1;
    micropool::parallel! {
        a => 1,
        use mut x;
        b(mut x) => *x += 1,
    };
}
