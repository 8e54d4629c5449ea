use micropool::job;

#[job(background; shared)]
fn one() -> u8 {
    1
}

fn main() {}
