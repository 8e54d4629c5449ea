trait Loads {
    #[micropool::job(background)]
    fn load(self) -> u8;
}

impl Loads for u8 {
    fn load(self) -> u8 {
        self
    }
}

fn main() {
    println!("{:?}", 1.load());
}
