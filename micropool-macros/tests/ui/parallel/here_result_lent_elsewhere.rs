fn main() {
    micropool::parallel! {
        here window => std::rc::Rc::new(1),
        resize(mut window) => *window = std::rc::Rc::new(2),
    };
}
