fn main() {
    micropool::parallel! {
        render(physics) => *physics,
        physics => 1,
    };
}
