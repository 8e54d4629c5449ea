fn main() {
    'frames: loop {
        micropool::parallel! { a => { if true { break 'frames } } };
    }
}
