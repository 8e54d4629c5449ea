use micropool::ThreadPool;
use std::sync::Arc;

#[micropool::job(background, pool = pool)]
fn load(pool: Arc<ThreadPool>) -> usize {
    pool.num_threads()
}

fn main() {}
