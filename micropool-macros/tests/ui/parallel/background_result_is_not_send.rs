fn main() {
    micropool::parallel! { background save => std::rc::Rc::new(1) };
}
