fn main() {
    micropool::parallel! {
        nested;
        a => 1,
        b => 2,
        _ after (a, b) => {},
        _ after a => {},
    };
}
