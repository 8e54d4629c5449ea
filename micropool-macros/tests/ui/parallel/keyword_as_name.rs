fn main() {
    micropool::parallel! { type => 1 };
}
