fn main() {
    let world = String::from("w");
    let kept = std::sync::Mutex::new(Vec::new());
    micropool::parallel! {
        use world;
        a(world) => kept.lock().unwrap().push(world.as_str()),
    };
    println!("{:?}", kept.into_inner());
}
