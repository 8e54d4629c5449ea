use micropool::job;
use std::sync::Arc;

#[job(background)]
fn size(text: &Arc<String>) -> usize {
    text.len()
}

fn main() {}
