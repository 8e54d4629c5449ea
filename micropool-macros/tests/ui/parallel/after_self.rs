fn main() {
    micropool::parallel! { a after a => 1 };
}
