fn main() {
    let (mut a, mut b) = (1, 2);
    let c = 3;
    micropool::parallel! { use mut a mut b; x(mut a) => *a += 1, y(mut b) => *b += 1 };
    micropool::parallel! { use a, b c; x(a, b, c) => *a + *b + *c };
}
