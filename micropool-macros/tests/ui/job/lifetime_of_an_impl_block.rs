struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    #[micropool::job(background)]
    fn load(self) -> usize {
        self.0.len()
    }
}

fn main() {
    let text = String::from("mesh");
    println!("{}", Text(&text).load().join());
}
