use std::rc::Rc;

#[micropool::job(background)]
fn load(path: String) -> Rc<str> {
    path.into()
}

fn main() {
    println!("{}", load("mesh".into()).join());
}
