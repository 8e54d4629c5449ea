use std::collections::HashMap;

fn main() {
    let (a, b) = (HashMap::from([(1, 2)]), 3);
    micropool::parallel! { use a: &HashMap<i32, i32>, b: i32; x(a, b) => a[&1] + *b };
}
