#[micropool::job(background)]
fn sum(
    #[after] a: u8,
    #[after] b: u8,
    #[after] c: u8,
    #[after] d: u8,
    #[after] e: u8,
    #[after] f: u8,
    #[after] g: u8,
    #[after] h: u8,
    #[after] i: u8,
    #[after] j: u8,
) -> u8 {
    a + b + c + d + e + f + g + h + i + j
}

fn main() {}
