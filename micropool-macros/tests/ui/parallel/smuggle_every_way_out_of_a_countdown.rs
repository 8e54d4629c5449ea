// Each function tries to keep what a countdown graph lent to a node. None may compile.
use std::any::Any;
use std::cell::RefCell;
use std::panic::panic_any;
use std::sync::{Mutex, OnceLock, mpsc};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
thread_local!(static OWN: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) });

fn channel(world: String) {
    let (sender, receiver) = mpsc::channel();
    micropool::parallel! { use world; a(world) => sender.send(world.as_str()) };
    receiver.recv().unwrap();
}

fn cell_of_a_here_node(world: String) {
    let kept = RefCell::new(Vec::new());
    micropool::parallel! { use world; here a(world) => kept.borrow_mut().push(world.as_str()) };
    kept.into_inner();
}

fn global(world: String) {
    micropool::parallel! { use world; a(world) => KEPT.lock().unwrap().push(world.as_str()) };
}

fn own_to_the_thread(world: String) {
    micropool::parallel! { use world; here a(world) => OWN.with_borrow_mut(|own| own.push(world.as_str())) };
}

fn once(world: String) {
    let kept = OnceLock::new();
    micropool::parallel! { use world; a(world) => kept.set(world.as_str()) };
    kept.get();
}

fn boxed_closure(mut world: String) {
    let later: Mutex<Vec<Box<dyn FnOnce() + Send>>> = Mutex::default();
    micropool::parallel! { use mut world; a(mut world) => later.lock().unwrap().push(Box::new(|| world.clear())) };
}

fn any(world: String) {
    let mut kept: Box<dyn Any + Send> = Box::new(());
    micropool::parallel! { use world, mut kept; a(world, mut kept) => *kept = Box::new(world) };
}

fn swapped(world: String) {
    let mut kept = vec![""];
    micropool::parallel! { use world, mut kept; a(world, mut kept) => std::mem::swap(kept, &mut vec![world.as_str()]) };
}

fn future(mut world: String) {
    micropool::parallel! { use mut world; a(mut world) => async { world.clear() } };
}

fn error(world: String) {
    let _ = micropool::try_parallel! { use world; a(world) => Err::<(), &str>(world) };
}

fn payload(world: String) {
    micropool::parallel! { use world; a(world) => panic_any(world.as_str()) };
}

fn early_return(world: String) {
    micropool::parallel! { use world; a(world) => { if world.is_empty() { return None } Some(world.as_str()) } };
}

fn condition(mut world: String) {
    let kept = Mutex::new(Vec::new());
    micropool::parallel! { use mut world; a(world) if { kept.lock().unwrap().push(world); true } => 1, b(mut world) => world.clear() };
}

fn task(world: String) {
    micropool::parallel! { use world; a(world) => micropool::spawn(|| world.len()) };
}

fn item_of_a_scope(world: String) {
    micropool::scope(|scope| {
        micropool::parallel! { use world; a(world) => { scope.spawn(|| world.len()); } };
    });
}

fn block_in_a_block(world: String) {
    micropool::parallel! { use world; a(world) => micropool::parallel! { b => world.as_str() }.b };
}

fn background_in_a_block(world: String) {
    micropool::parallel! { use world; a(world) => micropool::parallel! { background b => world.len() }.b };
}

fn result_of_another_node() {
    micropool::parallel! {
        use;
        list => vec![String::new()],
        first => None,
        keep(list, mut first) => *first = list.first(),
        clear(mut list) => list.clear(),
    };
}

fn mutable_capture(mut world: String) {
    let mut kept = None;
    micropool::parallel! { use mut world; a(mut world) => kept = Some(world) };
    kept.unwrap().clear();
}

fn main() {}
