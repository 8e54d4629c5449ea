//! Pipelines of paralight's own adaptors over items that must be dropped: each is dropped once, whatever happens, and the
//! result is the sequential one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use micropool::Split;
use micropool::iter::*;

use crate::case::Case;
use crate::contract::PADDING;
use crate::oracle::{Item, Tally, Watch};

/// A pipeline, and what it must come to.
pub type Pipeline = fn(&Case, Split<'_>);

/// Those in which no item that may panic when it is dropped is held by something that unwinds already.
pub const WITH_CLEANUP: [Pipeline; 7] = [for_each, fold::<0>, fold::<PADDING>, reduce, any, try_for_each, filter_map];

/// Those that hand items on, or leave some of them to paralight from the start.
pub const OTHERS: [Pipeline; 9] = [
    collect,
    try_collect,
    find_first,
    find_any,
    zip_min,
    chain_and_rev,
    skip_step_and_take,
    boxed_slice,
    without_a_size,
];

/// Runs `pipeline` on all items, and checks what became of them; then its result, if it has one.
fn check<'a, R>(
    case: &Case,
    watch: &'a Watch,
    pipeline: impl FnOnce(Vec<Item<'a>>) -> R,
    check_result: impl FnOnce(&R),
) {
    let items = Item::all(case.len, watch);
    let ended = catch_unwind(AssertUnwindSafe(|| pipeline(items)));
    if let Some(result) = watch.outcome(ended) {
        check_result(&result);
    }
    watch.check_items();
    watch.check_tallies();
}

/// Goes through `item`, and is done with it.
fn pass(watch: &Watch, item: Item<'_>) -> usize {
    watch.item(item.index);
    item.index
}

fn for_each(case: &Case, split: Split<'_>) {
    let watch = case.watch();
    let run = |items: Vec<Item>| {
        items.into_par_iter().with_thread_pool(split).for_each_init(
            || watch.init(),
            |(), item| {
                pass(&watch, item);
            },
        );
    };
    check(case, &watch, run, |()| assert!((0..case.len).all(|index| watch.was_given(index))));
}

fn fold<const PADDING: usize>(case: &Case, split: Split<'_>) {
    let watch = case.watch();
    let run = |items: Vec<Item>| {
        let tally = items.into_par_iter().with_thread_pool(split).fold_per_thread(
            || {
                watch.init();
                Tally::<PADDING>::new(&watch)
            },
            |tally, item| tally.with(pass(&watch, item)),
            |_| Tally::new(&watch),
            |all, next| {
                watch.reduce();
                all.and(next)
            },
        );
        tally.seen.clone()
    };
    check(case, &watch, run, |seen| assert_eq!(seen, &(0..case.len).collect::<Vec<_>>()));
}

fn reduce(case: &Case, split: Split<'_>) {
    let watch = case.watch();
    let run = |items: Vec<Item>| {
        items.into_par_iter().map(|item| vec![pass(&watch, item)]).with_thread_pool(split).reduce(
            || {
                watch.init();
                Vec::new()
            },
            |mut all, next| {
                watch.reduce();
                all.extend(next);
                all
            },
        )
    };
    check(case, &watch, run, |all| assert_eq!(all, &(0..case.len).collect::<Vec<_>>()));
}

fn any(case: &Case, split: Split<'_>) {
    let watch = case.watch();
    let run = |items: Vec<Item>| {
        items.into_par_iter().with_thread_pool(split).any(|item| case.breaks.contains(&pass(&watch, item)))
    };
    check(case, &watch, run, |found| assert_eq!(*found, case.first_break().is_some()));
}

fn try_for_each(case: &Case, split: Split<'_>) {
    let watch = case.watch();
    let run = |items: Vec<Item>| {
        items.into_par_iter().with_thread_pool(split).try_for_each_init(
            || watch.init(),
            |(), item| match pass(&watch, item) {
                index if case.breaks.contains(&index) => Err(index),
                _ => Ok(()),
            },
        )
    };
    check(case, &watch, run, |result| match result {
        Ok(()) => assert_eq!(case.first_break(), None),
        Err(index) => assert!(case.breaks.contains(index)),
    });
}

fn filter_map(case: &Case, split: Split<'_>) {
    let watch = case.watch();
    let keep = |index: usize| (!case.breaks.contains(&index)).then_some(index);
    let run = |items: Vec<Item>| {
        let kept = items.into_par_iter().filter_map(|item| keep(pass(&watch, item)));
        kept.with_thread_pool(split).collect_per_thread::<Vec<_>>().concat()
    };
    check(case, &watch, run, |kept| assert_eq!(kept, &(0..case.len).filter_map(keep).collect::<Vec<_>>()));
}

/// The items' numbers, in their order.
fn numbers<'b, 'a: 'b>(items: impl IntoIterator<Item = &'b Item<'a>>) -> Vec<usize> {
    items.into_iter().map(|item| item.index).collect()
}

/// Looks at an item on its way.
fn look<'a>(watch: &Watch, item: Item<'a>) -> Item<'a> {
    watch.item(item.index);
    item
}

fn collect(case: &Case, split: Split<'_>) {
    let watch = case.watch();
    let run = |items: Vec<Item<'_>>| {
        let looked: Vec<Item> = items.into_par_iter().map(|item| look(&watch, item)).with_thread_pool(split).collect();
        numbers(&looked)
    };
    check(case, &watch, run, |all| assert_eq!(all, &(0..case.len).collect::<Vec<_>>()));
}

fn try_collect(case: &Case, split: Split<'_>) {
    let watch = case.watch();
    let run = |items: Vec<Item<'_>>| {
        let or_break = |item: Item<'_>| {
            let index = item.index;
            let item = look(&watch, item);
            if case.breaks.contains(&index) { Err(index) } else { Ok(item.index) }
        };
        items.into_par_iter().map(or_break).with_thread_pool(split).try_collect::<usize, usize, Vec<_>>()
    };
    check(case, &watch, run, |result| match result {
        Ok(all) => assert_eq!((all, case.first_break()), (&(0..case.len).collect(), None)),
        Err(index) => assert!(case.breaks.contains(index)),
    });
}

fn find_first(case: &Case, split: Split<'_>) {
    let watch = case.watch();
    let run = |items: Vec<Item<'_>>| {
        let looked = items.into_par_iter().map(|item| look(&watch, item)).with_thread_pool(split);
        looked.find_first(|item| case.breaks.contains(&item.index)).map(|item| item.index)
    };
    check(case, &watch, run, |found| {
        assert_eq!(*found, case.first_break());
        assert!((0..found.unwrap_or(case.len)).all(|index| watch.was_given(index)));
    });
}

fn find_any(case: &Case, split: Split<'_>) {
    let watch = case.watch();
    let run = |items: Vec<Item<'_>>| {
        let looked = items.into_par_iter().map(|item| look(&watch, item)).with_thread_pool(split);
        looked.find_any(|item| case.breaks.contains(&item.index)).map(|item| item.index)
    };
    check(case, &watch, run, |found| match found {
        Some(index) => assert!(case.breaks.contains(index)),
        None => assert_eq!(case.first_break(), None),
    });
}

/// The longer source's end is nobody's.
fn zip_min(case: &Case, split: Split<'_>) {
    let (watch, others) = (case.watch(), Watch::new(case.other_len, Vec::new(), usize::MAX));
    let run = |items: Vec<Item<'_>>| {
        let pairs = (items.into_par_iter(), Item::all(case.other_len, &others).into_par_iter()).zip_min();
        let both = pairs.map(|(item, other)| (pass(&watch, item), pass(&others, other)));
        both.with_thread_pool(split).collect::<Vec<_>>()
    };
    let both = case.len.min(case.other_len);
    check(case, &watch, run, |pairs| assert!(pairs.iter().copied().eq((0..both).map(|k| (k, k)))));
    others.check_items();
}

fn chain_and_rev(case: &Case, split: Split<'_>) {
    let (watch, others) = (case.watch(), Watch::new(case.other_len, Vec::new(), usize::MAX));
    let run = |items: Vec<Item<'_>>| {
        let first = items.into_par_iter().map(|item| pass(&watch, item));
        let second = Item::all(case.other_len, &others).into_par_iter().map(|item| pass(&others, item));
        first.chain(second).rev().with_thread_pool(split).collect::<Vec<_>>()
    };
    check(case, &watch, run, |all| {
        assert_eq!(all, &(0..case.len).chain(0..case.other_len).rev().collect::<Vec<_>>());
    });
    others.check_items();
}

fn skip_step_and_take(case: &Case, split: Split<'_>) {
    let watch = case.watch();
    let (skip, step, take) = (case.other_len % 7, case.other_len % 3 + 1, case.other_len);
    let run = |items: Vec<Item<'_>>| {
        let some = items.into_par_iter().skip(skip).step_by(step).take(take).map(|item| pass(&watch, item));
        some.with_thread_pool(split).collect::<Vec<_>>()
    };
    check(case, &watch, run, |some| {
        assert_eq!(some, &(0..case.len).skip(skip).step_by(step).take(take).collect::<Vec<_>>());
    });
}

fn boxed_slice(case: &Case, split: Split<'_>) {
    let watch = case.watch();
    let run = |items: Vec<Item<'_>>| {
        let looked: Box<[Item]> =
            items.into_boxed_slice().into_par_iter().map(|item| look(&watch, item)).with_thread_pool(split).collect();
        numbers(&looked)
    };
    check(case, &watch, run, |all| assert_eq!(all, &(0..case.len).collect::<Vec<_>>()));
}

/// Items without a size, which can only be counted together. One pipeline runs at a time.
fn without_a_size(case: &Case, split: Split<'_>) {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Mark;
    impl Drop for Mark {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, Relaxed);
        }
    }
    let watch = case.watch();
    let marks: Vec<Mark> = std::iter::repeat_with(|| Mark).take(case.len).collect();
    let ended = catch_unwind(AssertUnwindSafe(|| {
        marks.into_par_iter().enumerate().with_thread_pool(split).any(|(index, _)| {
            watch.item(index);
            case.breaks.contains(&index)
        })
    }));
    if let Some(found) = watch.outcome(ended) {
        assert_eq!(found, case.first_break().is_some());
    }
    assert_eq!(DROPPED.swap(0, Relaxed), case.len);
}
