fn main() {
    let shared = std::rc::Rc::new(1);
    micropool::parallel! {
        a => 1,
        b => *shared,
    };
}
