fn main() {
    let frame = micropool::parallel! { a if true => vec![1] };
    frame.a.push(1);
}
