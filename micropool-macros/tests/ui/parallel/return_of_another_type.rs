fn frame(early: bool) -> &'static str {
    micropool::parallel! {
        a => { if early { return "early"; } 1 },
    };
    "late"
}
fn main() {
    frame(true);
}
