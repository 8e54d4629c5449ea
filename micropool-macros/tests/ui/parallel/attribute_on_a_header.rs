fn main() {
    micropool::parallel! {
        #[cfg(debug_assertions)]
        nested;
        a => 1,
    };
}
