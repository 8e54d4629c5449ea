fn main() {
    micropool::parallel! {
        here window => std::rc::Rc::new(1),
        background save(move window) => *window,
    };
}
