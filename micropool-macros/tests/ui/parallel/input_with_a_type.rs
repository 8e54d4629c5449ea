fn main() {
    micropool::parallel! {
        a => vec![1],
        b(a: &Vec<i32>) => a.len(),
    };
}
