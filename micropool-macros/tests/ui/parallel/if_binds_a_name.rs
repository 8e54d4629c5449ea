fn main() {
    let found = Some(1);
    micropool::parallel! {
        a => 1,
        b(a) if *a > 0 && let Some(x) = found => x,
    };
}
