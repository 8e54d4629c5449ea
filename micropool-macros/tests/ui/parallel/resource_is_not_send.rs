fn main() {
    let mut names = std::rc::Rc::new(vec![1]);
    micropool::parallel! {
        use mut names;
        a(mut names) => *names = Default::default(),
        b => 1,
    };
}
