struct Mesh;
fn main() {
    micropool::parallel! {
        a => Mesh,
        b(clone a) => drop(a),
    };
}
