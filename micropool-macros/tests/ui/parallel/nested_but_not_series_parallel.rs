fn main() {
    micropool::parallel! {
        nested;
        input => 1,
        physics => 2,
        draw(input, physics) => input + physics,
        sound(physics) => *physics,
    };
}
