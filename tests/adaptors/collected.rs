//! Final operations that see all items: results of the whole in order, calls for effect, and the pipelines that the others are made of.

use super::*;

// ---- final operations: the whole in order -----------------------------------------------------------------------

same_as_sequential! {
    collect_into_a_boxed_slice(data, split): {
        text(data).into_par_iter().with_thread_pool(split).collect::<Box<[_]>>()
    } => text(data).into_boxed_slice();
    collect_into_a_ring(data, split): {
        text(data).into_par_iter().with_thread_pool(split).collect::<VecDeque<_>>()
    } => text(data).into();
    collect_nothing_of_something(data, split): {
        data.par_iter().map(|_| ()).with_thread_pool(split).collect::<Vec<()>>()
    } => vec![(); data.len()];
    try_collect(data, split): {
        [90, 200].map(|limit| {
            data.par_iter()
                .map(|n| if *n < limit { Ok(n.to_string()) } else { Err("too large") })
                .with_thread_pool(split)
                .try_collect::<String, &str, Vec<_>>()
        })
    } => [90, 200].map(|limit| {
        data.iter().map(|n| if *n < limit { Ok(n.to_string()) } else { Err("too large") }).collect()
    });
    // paralight promises no order among the parts; here they come in the order of the source.
    collect_per_thread(data, split): {
        data.par_iter().map(u64::to_string).with_thread_pool(split).collect_per_thread::<String>().concat()
    } => text(data).concat();
    try_collect_per_thread(data, split): {
        [90, 200].map(|limit| {
            data.par_iter()
                .with_thread_pool(split)
                .map(|n| if *n < limit { Ok(*n) } else { Err("too large") })
                .try_collect_per_thread::<u64, &str, Vec<_>>()
                .map(|parts| parts.concat())
        })
    } => [90, 200].map(|limit| data.iter().map(|n| if *n < limit { Ok(*n) } else { Err("too large") }).collect());
    map_of_an_iterator(data, split): {
        data.par_iter().with_thread_pool(split).map(|n| n * 2).map(|n| n + 1).collect_per_thread::<Vec<_>>().concat()
    } => data.iter().map(|n| n * 2 + 1).collect();
    // Joining strings is associative and doesn't commute: the order shows.
    reduce(data, split): {
        text(data).into_par_iter().with_thread_pool(split).reduce(String::new, |a, b| a + &b)
    } => text(data).concat();
    try_reduce(data, split): {
        [90, 2000].map(|limit| {
            let add = |a: String, b: String| if a.len() + b.len() < limit { Ok(a + &b) } else { Err("too long") };
            text(data).into_par_iter().with_thread_pool(split).try_reduce(String::new, add)
        })
    } => [90, 2000].map(|limit| {
        text(data).into_iter().try_fold(String::new(), |a, b| {
            if a.len() + b.len() < limit { Ok(a + &b) } else { Err("too long") }
        })
    });
    fold_per_thread(data, split): {
        data.par_iter().with_thread_pool(split).fold_per_thread(
            || (0, String::new()),
            |(count, text), n| (count + 1, text + &n.to_string()),
            |threads| {
                assert!(threads >= 1);
                (0, String::new())
            },
            |(count, text), (more, next)| (count + more, text + &next),
        )
    } => (data.len(), text(data).concat());
    try_fold_per_thread(data, split): {
        [90, 200].map(|limit| {
            data.par_iter().with_thread_pool(split).try_fold_per_thread(
                String::new,
                |text, n| if *n < limit { Ok(text + &n.to_string()) } else { Err("too large") },
                |_| String::new(),
                |text, next| Ok(text + &next?),
            )
        })
    } => [90, 200].map(|limit| {
        if data.iter().all(|n| *n < limit) { Ok(text(data).concat()) } else { Err("too large") }
    });
    sum(data, split): data.par_iter().with_thread_pool(split).sum::<u64>() => data.iter().sum::<u64>();
    product(data, split): {
        let odd = data.par_iter().map(|n| std::num::Wrapping(n | 1));
        odd.with_thread_pool(split).product::<std::num::Wrapping<u64>>()
    } => data.iter().map(|n| std::num::Wrapping(n | 1)).product();
}

// ---- final operations: calls for effect -------------------------------------------------------------------------

same_as_sequential! {
    for_each(data, split): {
        let seen: Vec<AtomicU64> = data.iter().map(|_| AtomicU64::new(0)).collect();
        data.par_iter().enumerate().with_thread_pool(split).for_each(|(k, n)| {
            seen[k].fetch_add(n + 1, Relaxed);
        });
        seen.into_iter().map(AtomicU64::into_inner).collect::<Vec<_>>()
    } => data.iter().map(|n| n + 1).collect();
    for_each_init(data, split): {
        // Each accumulator counts its own items: the counts come to all of them.
        let counts = Mutex::new(Vec::new());
        struct Count<'a>(u64, &'a Mutex<Vec<u64>>);
        impl Drop for Count<'_> {
            fn drop(&mut self) {
                self.1.lock().unwrap().push(self.0);
            }
        }
        let init = || Count(0, &counts);
        data.par_iter().with_thread_pool(split).for_each_init(init, |count, _| count.0 += 1);
        counts.into_inner().unwrap().iter().sum::<u64>()
    } => data.len() as u64;
    try_for_each(data, split): {
        [90, 200].map(|limit| {
            data.par_iter().with_thread_pool(split).try_for_each(|n| if *n < limit { Ok(()) } else { Err("too large") })
        })
    } => [90, 200].map(|limit| if data.iter().all(|n| *n < limit) { Ok(()) } else { Err("too large") });
    try_for_each_init(data, split): {
        [90, 200].map(|limit| {
            data.par_iter().with_thread_pool(split).try_for_each_init(
                || limit,
                |limit, n| if n < limit { Ok(()) } else { Err("too large") },
            )
        })
    } => [90, 200].map(|limit| if data.iter().all(|n| *n < limit) { Ok(()) } else { Err("too large") });
    panic_fuse(data, split): data.par_iter().with_thread_pool(split).panic_fuse().sum::<u64>() => data.iter().sum::<u64>();
}

// ---- the pipelines that the others are made of ------------------------------------------------------------------

same_as_sequential! {
    pipeline(data, split): {
        data.par_iter().with_thread_pool(split).pipeline(Vec::new, pushed, Vec::into_boxed_slice, |a, b| [a, b].concat().into())
    } => data.into();
    pipeline_of_inexact(data, split): {
        let places = places(data);
        let some = places.par_iter().filter(|n| **n % 3 > 0).with_thread_pool(split);
        some.pipeline(|| 1, |sum, n| sum + n, |sum| sum - 1, |a, b| a + b)
    } => data.iter().filter(|n| **n % 3 > 0).sum();
    pipeline_of_owned(data, split): {
        let texts = text(data).into_par_iter().with_thread_pool(split);
        texts.pipeline(String::new, |all, next| all + &next, |all| all, |a, b| a + &b)
    } => text(data).concat();
    short_circuiting_pipeline(data, split): {
        [1, 50, 96, 1000].map(|end| {
            data.par_iter().with_thread_pool(split).short_circuiting_pipeline(
                Vec::new,
                |seen, n| if *n == end { ControlFlow::Break(end) } else { ControlFlow::Continue(pushed(seen, n)) },
                |seen| match seen {
                    ControlFlow::Continue(seen) => Ok(seen),
                    ControlFlow::Break(end) => Err(end),
                },
                |a, b| Ok([a?, b?].concat()),
            )
        })
    } => [1, 50, 96, 1000].map(|end| if data.contains(&end) { Err(end) } else { Ok(data.to_vec()) });
    short_circuiting_pipeline_of_owned(data, split): {
        let texts = text(data).into_par_iter().with_thread_pool(split);
        texts.short_circuiting_pipeline(
            || (),
            |(), text| if text == "50" { ControlFlow::Break(text) } else { ControlFlow::Continue(()) },
            ControlFlow::break_value,
            Option::or,
        )
    } => text(data).into_iter().find(|text| text == "50");
}

fn pushed(mut seen: Vec<u64>, n: &u64) -> Vec<u64> {
    seen.push(*n);
    seen
}
