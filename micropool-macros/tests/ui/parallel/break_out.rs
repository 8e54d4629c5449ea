fn main() {
    loop {
        micropool::parallel! { a => break };
    }
}
