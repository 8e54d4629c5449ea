//! Background nodes of `parallel!`.

use super::*;

fn fails() -> u8 {
    resume_unwind(Box::new(7))
}

#[test]
fn background_nodes_come_after_each_other_without_a_thread() {
    within(LIMIT, || {
        let (pool, gate) = (capped(1, 1), Gate::default());
        let passes = gate.clone();
        let order = Arc::new(Mutex::new(Vec::new()));
        let [log_b, log_c, log_d] = [(); 3].map(|()| order.clone());
        let frame = micropool::parallel! {
            in pool;
            scene => vec![1, 2, 3],
            background a(clone scene) => { passes.pass(); scene.len() }
            background b(move a, clone scene) => { log_b.lock().unwrap().push("b"); a + scene.len() }
            background c after b => log_c.lock().unwrap().push("c"),
            background d(move b) after c => { log_d.lock().unwrap().push("d"); b }
            sum(scene) => scene.iter().sum::<i32>(),
        };
        assert_eq!((frame.sum, &frame.scene), (6, &vec![1, 2, 3]));
        soon("the first runs", || gate.arrived() == 1);
        assert!(!frame.c.complete() && !frame.d.complete());
        gate.open();
        assert_eq!(frame.d.join(), 6);
        frame.c.join();
        assert_eq!(*order.lock().unwrap(), ["b", "c", "d"]);
    });
}

#[test]
fn a_panic_travels_by_move_and_its_words_by_after() {
    within(LIMIT, || {
        for workers in [0, 2] {
            let pool = capped(workers, 1);
            let frame = micropool::parallel! {
                in pool;
                background a => fails(),
                background b(move a) => a + 1,
                background c after b => 3,
                foreground => 4,
            };
            assert_eq!(frame.foreground, 4, "nobody waits for it");
            let words = frame.c.outcome().expect_err("it comes after a panic");
            let words = words.downcast_ref::<String>().expect("a copy");
            assert_eq!(words, "a panic whose payload is not a string");
            assert_eq!(frame.b.outcome().expect_err("its panic").downcast_ref(), Some(&7));
        }
    });
}
