fn main() {
    let text = String::new();
    micropool::parallel! {
        a => drop(text),
        b after a => drop(text),
    };
}
