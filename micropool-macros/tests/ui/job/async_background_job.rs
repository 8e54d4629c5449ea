#[micropool::job(background)]
async fn load() -> Result<usize, std::num::ParseIntError> {
    let text = std::future::ready("3").await;
    Ok(text.parse::<usize>()?)
}

async fn user() -> usize {
    load().await.unwrap()
}

fn main() {
    let _ = user();
}
