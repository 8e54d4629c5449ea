//! Models of a loop that a worker joins.

use super::*;
use crate::current::with_pool;
use crate::loom_support::{Frame, Start, end, explore, shared, worker};

// Each chunk is run once, and its result is there in its place.
// Goes red if a piece is halved by a load and a store, if `next_run` is, or if the entry isn't closed.
#[test]
fn loop_chunks_run_once_and_in_order() {
    explore(Some(1), || {
        let (pool, start) = (shared(1, 1), Start::new());
        let workers = vec![worker(&start, &pool, 0)];
        start.go();
        let cells = [Frame::new(0), Frame::new(0), Frame::new(0)];
        let order = with_pool(&pool, |seat| {
            run(
                seat.unwrap(),
                Cut::into(3, 3),
                &|runs: &mut Runs<'_>| {
                    let mut mine = Vec::new();
                    while let Some(range) = runs.next_run() {
                        for k in range {
                            cells[k].write(cells[k].read() + 1);
                            mine.push(k);
                        }
                    }
                    mine
                },
                |results| results.flatten().collect::<Vec<_>>(),
            )
        });
        assert_eq!(order, [0, 1, 2]);
        assert!(cells.iter().all(|cell| cell.read() == 1));
        end(&pool, workers);
    });
}
