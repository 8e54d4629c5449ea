use std::collections::HashMap;

struct Text<'a>(&'a str);

// The lifetimes of `for` and of `Fn(&str)` are no borrows.
#[micropool::job(background)]
fn load<'a>(text: Text<'a>, _: for<'b> fn(&'b str) -> &'b str, _: HashMap<u8, Box<dyn Fn(&str) + Send>>) -> usize {
    text.0.len()
}

fn main() {
    let text = String::from("mesh");
    println!("{}", load(Text(&text), |text| text, HashMap::new()).join());
}
