fn main() {
    let (a, clone) = (vec![1], 2);
    micropool::parallel! { use clone a, clone; x(a, clone) => a[0] + *clone };
}
