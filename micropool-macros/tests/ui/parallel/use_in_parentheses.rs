fn main() {
    let (a, b) = (1, 2);
    micropool::parallel! { use (a, b); x(a) => *a + 1, y(b) => *b + 1 };
}
