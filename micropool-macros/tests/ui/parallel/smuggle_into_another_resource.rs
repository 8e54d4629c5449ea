fn main() {
    let world = String::from("w");
    let mut kept: Vec<&str> = Vec::new();
    micropool::parallel! {
        use world, mut kept;
        a(world, mut kept) => kept.push(world.as_str()),
    };
}
