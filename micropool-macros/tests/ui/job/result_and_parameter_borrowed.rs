// One mistake: the result's lifetime is the parameter's.
#[micropool::job(background)]
fn trimmed(text: &str) -> &str {
    text.trim()
}

fn main() {
    println!("{}", trimmed("mesh ").join());
}
