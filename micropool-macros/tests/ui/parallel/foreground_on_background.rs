fn main() {
    micropool::parallel! {
        background load => 1,
        draw(load) => *load,
    };
}
