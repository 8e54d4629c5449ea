fn main() {
    micropool::parallel! {
        #[inline]
        a => 1,
    };
}
