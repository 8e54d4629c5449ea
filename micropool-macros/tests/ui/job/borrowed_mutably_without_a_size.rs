use micropool::job;

#[job(background)]
fn fill(bytes: &mut [u8], text: &mut str, path: &mut std::path::Path) -> usize {
    bytes.len() + text.len() + path.as_os_str().len()
}

fn main() {}
