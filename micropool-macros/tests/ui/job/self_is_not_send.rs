use std::rc::Rc;

struct Mesh {
    name: Rc<str>,
}

impl Mesh {
    #[micropool::job(background)]
    fn load(self, extra: usize) -> usize {
        self.name.len() + extra
    }
}

fn main() {
    println!("{}", Mesh { name: "mesh".into() }.load(1).join());
}
