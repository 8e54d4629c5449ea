fn main() {
    for frame in 0..3 {
        micropool::parallel! {
            use;
            a if frame > 1 => continue,
        };
    }
}
