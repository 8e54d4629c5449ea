// Each function tries to keep what a nested graph lent to a node. None may compile.
use std::cell::RefCell;
use std::panic::panic_any;
use std::sync::{Mutex, mpsc};

thread_local!(static OWN: RefCell<Vec<&'static u8>> = const { RefCell::new(Vec::new()) });

fn list() -> Vec<u8> {
    vec![1]
}

fn channel() {
    let (sender, receiver) = mpsc::channel();
    micropool::parallel! { nested; list => list(), a(list) => sender.send(&list[0]), b(mut list) => list.clear() };
    receiver.recv().unwrap();
}

fn own_to_the_thread() {
    micropool::parallel! { nested; list => list(), a(list) => OWN.with_borrow_mut(|own| own.push(&list[0])) };
}

fn boxed_closure() {
    let later: Mutex<Vec<Box<dyn FnOnce() + Send>>> = Mutex::default();
    micropool::parallel! { nested; list => list(), a(mut list) => later.lock().unwrap().push(Box::new(|| list.clear())) };
}

fn future() {
    micropool::parallel! { nested; list => list(), a(list) => async { list.len() }, b(mut list) => list.clear() };
}

fn iterator() {
    micropool::parallel! { nested; list => list(), a(list) => list.iter(), b(move list) => drop(list) };
}

fn error() {
    let _ = micropool::try_parallel! { nested; list => Ok(list()), a(list) => Err::<(), &u8>(&list[0]) };
}

fn payload() {
    micropool::parallel! { nested; list => list(), a(list) => panic_any(&list[0]) };
}

fn condition() {
    let kept = Mutex::new(Vec::new());
    micropool::parallel! { nested; list => list(), a(move list) if { kept.lock().unwrap().push(list); true } => drop(list) };
}

fn item_of_a_scope() {
    micropool::scope(|scope| {
        micropool::parallel! { nested; list => list(), a(list) => { scope.spawn(|| list.len()); } };
    });
}

fn result_of_another_node() {
    micropool::parallel! {
        nested;
        list => list(),
        first => None,
        keep(list, mut first) => *first = list.first(),
        clear(mut list) after keep => list.clear(),
    };
}

fn from_one_branch_to_the_other() {
    let kept = Mutex::new(None);
    micropool::parallel! {
        nested;
        list => list(),
        keep(list) => *kept.lock().unwrap() = list.first(),
        read(list) => (list.len(), kept.lock().unwrap().is_some()),
    };
}

fn main() {}
