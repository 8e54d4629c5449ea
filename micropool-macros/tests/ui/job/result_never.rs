#[micropool::job(background)]
fn serve() -> ! {
    loop {}
}

fn main() {
    serve().detach();
}
