#[micropool::job(background)]
fn upload(#[after] mesh: &Vec<u8>) -> usize {
    mesh.len()
}

fn main() {
    println!("{}", upload(micropool::spawn(|| panic!())).join());
}
