#[micropool::job(background)]
fn sort(numbers: &mut Vec<u32>) {
    numbers.sort();
}

fn main() {
    sort(&mut vec![1]).join();
}
