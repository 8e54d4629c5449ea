use std::rc::Rc;

#[micropool::job(background)]
fn load(a: u8, path: Rc<str>) -> usize {
    path.len() + usize::from(a)
}

fn main() {
    println!("{}", load(1, "mesh".into()).join());
}
