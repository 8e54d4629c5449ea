fn main() {
    micropool::parallel! { a(a) => *a };
}
