use std::collections::HashMap;

fn main() {
    let (x, y) = (1, 2);
    micropool::parallel! {
        a => HashMap<u32, u32>::new(),
        b(a) => a.len(),
        // Two comparisons are fine.
        c => x < y,
        d if x > y => x > y,
    };
}
