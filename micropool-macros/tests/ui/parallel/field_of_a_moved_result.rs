fn main() {
    let frame = micropool::parallel! {
        a => vec![1],
        b(move a) => a,
    };
    frame.a.render();
}
