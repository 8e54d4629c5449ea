fn main() {
    let text = String::from("t");
    let view = &text;
    micropool::parallel! { background save => view.len() };
}
