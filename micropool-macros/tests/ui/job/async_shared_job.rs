#[micropool::job(background, shared)]
async fn load() -> usize {
    std::future::ready(3).await
}

async fn user() -> usize {
    *(&load()).await
}

fn main() {
    let _ = user();
}
