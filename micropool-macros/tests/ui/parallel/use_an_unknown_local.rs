fn main() {
    micropool::parallel! {
        use mut wrold;
        a(mut wrold) => *wrold += 1,
    };
}
