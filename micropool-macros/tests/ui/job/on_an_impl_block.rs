struct Mesh(u8);

#[micropool::job(background)]
impl Mesh {
    fn size(&self) -> u8 {
        self.0
    }
}

fn main() {
    println!("{:?}", Mesh(1).size());
}
