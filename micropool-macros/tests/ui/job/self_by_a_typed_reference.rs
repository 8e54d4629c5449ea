use std::pin::Pin;

struct Mesh(Vec<u8>);

impl Mesh {
    #[micropool::job(background)]
    fn upload(self: Pin<&Self>) -> usize {
        self.0.len()
    }
}

fn main() {
    println!("{}", std::pin::pin!(Mesh(Vec::new())).as_ref().upload().join());
}
