fn main() {
    let shared = std::rc::Rc::new(1);
    micropool::parallel! {
        use;
        a => 1,
        b(a) if *shared > *a => a + 1,
    };
}
