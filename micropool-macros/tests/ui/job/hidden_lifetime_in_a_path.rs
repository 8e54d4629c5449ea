struct Text<'a>(&'a str);

// Nothing in the parameter's type shows the lifetime: rustc finds it.
#[micropool::job(background)]
fn load(text: Text) -> usize {
    text.0.len()
}

fn main() {
    let text = String::from("mesh");
    println!("{}", load(Text(&text)).join());
}
