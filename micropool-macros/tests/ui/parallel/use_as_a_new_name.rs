fn main() {
    let a = 1;
    micropool::parallel! { use b = a; x(b) => *b + 1 };
}
