fn main() {
    micropool::parallel! { background here a => 1 };
}
