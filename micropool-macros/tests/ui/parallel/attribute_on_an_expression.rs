fn main() {
    micropool::parallel! {
        a => #[inline] || 1,
        b(a) => #[allow(unused_variables)] { let x = a(); },
        c => #[cost(2)] d => 1,
    };
}
