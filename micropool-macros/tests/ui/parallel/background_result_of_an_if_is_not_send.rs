fn main() {
    let on = true;
    micropool::parallel! { background save if on => std::rc::Rc::new(1) };
}
