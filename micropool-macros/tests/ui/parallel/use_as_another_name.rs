fn main() {
    let world = 1;
    micropool::parallel! {
        use world as scene;
        a(scene) => *scene,
    };
}
