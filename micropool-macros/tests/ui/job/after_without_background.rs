#[micropool::job]
fn upload(#[after] mesh: Vec<u8>) -> usize {
    mesh.len()
}

fn main() {
    println!("{}", upload(micropool::spawn(Vec::new)).join());
}
