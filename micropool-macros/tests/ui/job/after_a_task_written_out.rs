use micropool::Task;

#[micropool::job(background)]
fn upload(#[after] mesh: Task<Vec<u8>>) -> usize {
    mesh.join().len()
}

fn main() {}
