//! A model of a table that grows while others read it.

use super::*;
use crate::loom_support::{Frame, Start, explore};
use std::sync::Arc;

// Whoever sees a chunk sees its entries as they were made. Goes red if `grow` stores Relaxed.
#[test]
fn entries_are_seen_as_they_were_made() {
    explore(None, || {
        let (table, start) = (Arc::new(Table::<Frame, 1>::new()), Start::new());
        let readers: Vec<_> = (0..2)
            .map(|index| {
                let table = table.clone();
                start.spawn(move || {
                    for index in [index, 1] {
                        if let Some(entry) = table.get(index) {
                            assert_eq!(entry.read(), index as u32 + 1);
                        }
                    }
                })
            })
            .collect();
        start.go();
        for index in 0..2 {
            table.grow(index, |index| {
                let entry = Frame::new(0);
                entry.write(index as u32 + 1);
                entry
            });
        }
        for reader in readers {
            reader.join().unwrap();
        }
    });
}
