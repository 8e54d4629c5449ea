use std::rc::Rc;

struct Mesh {
    name: Rc<str>,
}

impl Mesh {
    #[micropool::job(background)]
    fn load(self, #[after] extra: usize) -> usize {
        self.name.len() + extra
    }
}

fn main() {}
