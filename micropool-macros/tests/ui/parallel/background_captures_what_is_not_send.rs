fn main() {
    let name = std::rc::Rc::new(1);
    micropool::parallel! { background save => *name };
}
