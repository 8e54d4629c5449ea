#[micropool::job(background)]
fn upload(#[after] mesh: Vec<u8>) -> usize {
    mesh.len()
}

fn main() {
    println!("{}", upload(vec![1]).join());
}
