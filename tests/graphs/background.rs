//! `background` nodes.

use super::*;

#[test]
fn background_nodes_are_tasks() {
    everywhere(|| {
        let text = String::from("scene");
        let frame = parallel! {
            size => 4_usize,
            background early => text.len(),
            background save(move size) => size * 2,
            background next(move save, move early) => save + early,
            background last after next => 1,
        };
        let () = frame.size;
        let () = frame.save;
        let last: Task<i32> = frame.last;
        assert_eq!(frame.next.join() + last.join() as usize, 14);
    });
}

#[test]
fn a_background_node_takes_as_many_values_as_it_likes() {
    everywhere(|| {
        let frame = parallel! {
            background a => 1, background b => 2, background c => 3, background d => 4, background e => 5,
            background f => 6, background g => 7, background h => 8, background i => 9, background j => "ten",
            one => 1,
            background sum(move a, move b, move c, move d, clone one, move e, move f, move g, move h, move i, move j) => {
                (a + b + c + d + e + f + g + h + i + one, j)
            }
        };
        let () = frame.j;
        assert_eq!(frame.sum.join(), (46, "ten"));
    });
}

#[test]
fn a_background_node_with_an_if() {
    everywhere(|| {
        for on in [false, true] {
            let borrowed = [on];
            let frame = parallel! {
                a => 1,
                background b(clone a) if borrowed[0] => a + 1,
                background c(move b) => b,
                background d => 4,
                background e(move d) if *d == 4 => d,
            };
            assert_eq!(frame.c.join(), on.then_some(2));
            assert_eq!(frame.e.join(), Some(4));
        }
    });
}

#[test]
fn a_background_node_comes_after_as_many_as_it_likes() {
    everywhere(|| {
        let frame = parallel! {
            background a => 1, background b => 2, background c => 3, background d => 4, background e => 5,
            background f => 6, background g => 7, background h => 8, background i => 9, background j => 10,
            background order after (a, b, c, d, e, f, g, h, i, j) => 11,
            background sum(move a, move b, move c, move d, move e, move f, move g, move h, move i, move j) after order =>
                a + b + c + d + e + f + g + h + i + j,
        };
        assert_eq!((frame.order.join(), frame.sum.join()), (11, 55));
    });
}

#[test]
fn background_nodes_start_before_the_graph_is_over() {
    let pool = pool(1);
    let (send, receive) = std::sync::mpsc::channel();
    let receive = std::sync::Mutex::new(receive);
    // With one worker: the caller blocks in `wait`, the worker must take the background node meanwhile.
    let frame = parallel! {
        in pool;
        snapshot => 5,
        background save(clone snapshot) => { send.send(snapshot).unwrap(); }
        wait after snapshot => receive.lock().unwrap().recv().unwrap(),
    };
    frame.save.join();
    assert_eq!(frame.wait, 5);
}
