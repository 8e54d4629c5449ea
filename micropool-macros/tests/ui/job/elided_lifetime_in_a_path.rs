struct Text<'a>(&'a str);

#[micropool::job(background)]
fn load(text: Text<'_>) -> usize {
    text.0.len()
}

fn main() {
    let text = String::from("mesh");
    println!("{}", load(Text(&text)).join());
}
