struct Mesh(Vec<u8>);

impl Mesh {
    #[micropool::job(background)]
    fn upload(&self) -> usize {
        self.0.len()
    }
}

fn main() {
    let mesh = Mesh(Vec::new());
    println!("{}", mesh.upload().join());
}
