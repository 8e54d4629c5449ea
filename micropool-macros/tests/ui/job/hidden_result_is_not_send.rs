use std::rc::Rc;

#[micropool::job(background)]
fn load(path: String) -> impl AsRef<str> {
    Rc::<str>::from(path)
}

fn main() {
    println!("{}", load("mesh".into()).join().as_ref());
}
