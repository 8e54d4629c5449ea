fn main() {
    micropool::parallel! {
        here window => std::rc::Rc::new(1),
        close(move window) => drop(window),
    };
}
