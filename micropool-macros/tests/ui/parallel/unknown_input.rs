fn main() {
    micropool::parallel! {
        physics => 1,
        render(phyics) => *phyics,
    };
}
