#[micropool::job(background, after = mesh)]
fn upload(mesh: Vec<u8>) -> usize {
    mesh.len()
}

fn main() {
    println!("{}", upload(Vec::new()).join());
}
