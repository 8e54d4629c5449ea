#[micropool::job(background)]
fn upload(#[after] #[after] mesh: Vec<u8>) -> usize {
    mesh.len()
}

fn main() {
    println!("{}", upload(micropool::spawn(Vec::new)).join());
}
