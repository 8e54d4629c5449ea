fn main() {
    micropool::parallel! {
        a => 1,
        b => std::rc::Rc::new(2),
    };
}
