struct Mesh(Vec<u8>);

impl Mesh {
    #[micropool::job(background)]
    fn clear<'a>(&'a mut self) {
        self.0.clear();
    }
}

fn main() {
    Mesh(Vec::new()).clear().join();
}
