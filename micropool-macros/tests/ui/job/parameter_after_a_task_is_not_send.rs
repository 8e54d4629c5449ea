use std::rc::Rc;

#[micropool::job(background)]
fn load(#[after] a: u8, #[after] path: Rc<str>) -> usize {
    path.len() + usize::from(a)
}

fn main() {}
