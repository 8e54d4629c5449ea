#[micropool::job(background)]
fn sum(numbers: &[u32]) -> u32 {
    numbers.iter().sum()
}

fn main() {
    println!("{}", sum(&vec![1]).join());
}
