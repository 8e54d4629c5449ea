// A mistake of the grammar hides none of the names: each is told. Those that may be what wasn't understood aren't.
fn main() {
    let world = 1;
    micropool::parallel! {
        use &world, self.scene;
        physics(wrld) => *wrld,
        audio -> 2,
        audio => 3,
        let mesh = 4,
        draw(physic, scene, mesh) => 5,
        show(move drwa, &audio, late) => 6,
        late after (draw, physics late) => 7,
        background save(draw) => draw + 1,
        last(save,) => 8
        end(last, last) if => 9,
    };
}
