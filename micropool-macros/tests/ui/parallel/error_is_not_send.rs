fn main() {
    let _ = micropool::try_parallel! {
        a => Err::<(), _>(std::rc::Rc::new(1)),
        b => Ok(()),
    };
}
