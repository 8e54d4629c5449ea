// One mistake: types that only the wrong node fixes, borrows, captures, fields are not complained about.
fn main() {
    let (text, c) = (String::new(), 1);
    let frame = micropool::parallel! {
        list => Vec::new(),
        fill(mut lst) => lst.push(1),
        a => drop(text),
        b => drop(text),
        pair(fill, a, list) => std::rc::Rc::new(list.len()),
        background d => c,
    };
    let [first, second] = frame.unknown;
    println!("{first} {second} {c}");
}
