fn main() {
    micropool::parallel! {
        render(physics) => *physics,
        input => 1,
        audio => 2,
        physics(input) => *input,
    };
}
