fn main() {
    micropool::parallel! {
        a => 1,
        b => 1 +
        c(a) after a if *a > 0 => *a,
    };
}
