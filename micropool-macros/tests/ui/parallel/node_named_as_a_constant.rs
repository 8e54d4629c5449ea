const MAX: usize = 3;

fn main() {
    let results = micropool::parallel! { MAX => 1, b(MAX) => *MAX + 1 };
    println!("{}", results.b);
}
