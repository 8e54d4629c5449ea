// A node that is off isn't looked at: neither its `if` nor its copies.
struct Mesh;
fn main() {
    micropool::parallel! {
        a => Mesh,
        #[cfg(any())]
        b(clone a) if missing(a) => a.missing(),
        c(bb) => bb.len(),
    };
}
