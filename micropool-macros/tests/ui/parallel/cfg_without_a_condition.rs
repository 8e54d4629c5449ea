fn main() {
    micropool::parallel! {
        #[cfg(foo = )]
        a => 1,
        #[cfg(foo = bar)]
        b => 2,
        #[cfg(not())]
        c => 3,
        #[cfg(not(unix, windows))]
        d => 4,
        #[cfg(all(unix, "windows"))]
        e => 5,
        #[cfg(unix windows)]
        f => 6,
        #[cfg(any(unix, not(windows), feature = "g", target_has_atomic = "8",))]
        g => 7,
    };
}
