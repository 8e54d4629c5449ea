fn main() {
    micropool::parallel! {
        render(physics) => *physics,
        culling(render) => *render,
        physics(culling) => *culling,
    };
}
