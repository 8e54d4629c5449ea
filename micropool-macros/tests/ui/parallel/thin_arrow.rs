fn main() {
    micropool::parallel! { a -> 1 };
}
