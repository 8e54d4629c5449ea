// Every mistake of the grammar is told, and those in names and expressions that don't follow from one.
fn main() {
    let world = 1;
    micropool::parallel! {
        use &world;
        in 3
        a = 1,
        b(&a) => a.render(),
        c aftr b => 2,
        d => ,
        e => 3; f => "f".foo(),
        background here g => 1,
        #[inline]
        h if => 3,
        i(hh, move e) => hh,
        j(e) => 4,
    };
}
