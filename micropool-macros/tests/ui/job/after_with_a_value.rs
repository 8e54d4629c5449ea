#[micropool::job(background)]
fn upload(#[after(load)] mesh: Vec<u8>) -> usize {
    mesh.len()
}

fn main() {
    println!("{}", upload(micropool::spawn(Vec::new)).join());
}
