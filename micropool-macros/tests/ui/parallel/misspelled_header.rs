fn main() {
    micropool::parallel! {
        nestd;
        a => 1,
    };
}
