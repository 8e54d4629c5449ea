fn main() {
    let frame = micropool::parallel! {
        use;
        list => vec![String::from("a")],
        longest(list) => list.iter().max_by_key(|text| text.len()),
        clear(mut list) => list.clear(),
    };
    println!("{:?}", frame.longest);
}
