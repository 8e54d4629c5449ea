fn main() {
    micropool::parallel! { a if => 1 };
}
