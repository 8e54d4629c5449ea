fn main() {
    micropool::parallel! {
        a(b) => *b,
        b => 1,
        b => 2,
        c(bb) => *bb,
        d(move b) => b,
        e(b) => *b,
    };
}
