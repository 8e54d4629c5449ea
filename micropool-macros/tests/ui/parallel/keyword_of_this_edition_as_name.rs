fn main() {
    micropool::parallel! { gen => 1 };
}
