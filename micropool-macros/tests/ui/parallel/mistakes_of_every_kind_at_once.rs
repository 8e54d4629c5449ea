// What isn't grammar hides what the names mean; but every mistake of the grammar is told, and those in expressions.
fn main() {
    let world = 1;
    micropool::parallel! {
        use &world;
        in 3
        a = 1,
        b(&a) => a.len(),
        c aftr b => 2,
        d => ,
        e => 3; f => "f".foo(),
        background here g => 1,
        #[inline]
        h if => 3,
    };
}
