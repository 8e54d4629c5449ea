struct Mesh(Vec<u8>);

impl Mesh {
    #[micropool::job(background)]
    fn upload(#[after] self) -> usize {
        self.0.len()
    }
}

fn main() {
    println!("{}", Mesh(Vec::new()).upload().join());
}
