use std::rc::Rc;

#[micropool::job(background)]
fn load(#[after] path: String) -> Rc<str> {
    path.into()
}

fn main() {}
