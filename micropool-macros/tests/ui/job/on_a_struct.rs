#[micropool::job]
#[derive(Debug)]
struct Mesh(u8);

fn main() {
    println!("{:?}", Mesh(1));
}
