mod world {
    pub static SIZE: usize = 3;
}

fn main() {
    micropool::parallel! { use world::SIZE, mut self::world; x(SIZE) => *SIZE + 1 };
}
