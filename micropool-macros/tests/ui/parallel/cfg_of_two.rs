fn main() {
    micropool::parallel! {
        #[cfg(debug_assertions, test)]
        a => 1,
    };
}
