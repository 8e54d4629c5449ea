//! `return`, `?`, `break`, `continue` and `.await` that stay in their node: in loops, blocks, closures, `async` code and items of its
//! expression, and of its `if`. What would leave it doesn't compile: `micropool-macros/tests/ui/parallel`.

#![forbid(unsafe_code)]
#![expect(clippy::never_loop, reason = "what is asked is where a `break` goes")]

use micropool::{parallel, try_parallel};

#[test]
fn loops_and_blocks_of_a_node() {
    'frames: loop {
        let frame = parallel! {
            plain => loop { break 1 },
            sum => {
                let mut sum = 0;
                'rows: for row in 0..4 {
                    for column in [0, 1, 2] {
                        if column > row { continue 'rows; }
                        if row == 3 { break 'rows; }
                        if column == 1 { continue; }
                        sum += 1;
                    }
                }
                sum
            },
            block => 'block: { if plain_is(2) { break 'block 2; } 3 },
            while_let => {
                let mut stack = vec![1, 2, 3];
                while let Some(top) = stack.pop() { if top == 2 { break; } }
                stack.len()
            },
            // The iterator of an inner loop is in the outer one.
            iterated => loop { for _ in { if plain_is(1) { break 5 } 0..1 } {} },
            condition if loop { break true } => (),
            labelled if 'ready: { if plain_is(2) { break 'ready false; } true } => (),
        };
        assert_eq!((frame.plain, frame.sum, frame.block, frame.while_let, frame.iterated), (1, 4, 3, 1, 5));
        assert!(frame.condition.is_some() && frame.labelled.is_some());
        break 'frames;
    }
}

fn plain_is(n: i32) -> bool {
    n == 1
}

#[test]
fn closures_and_items_of_a_node() {
    let frame = parallel! {
        closure => [1, 2, 3].iter().map(|&n| { for k in 0.. { if k == n { break; } } n }).sum::<i32>(),
        tried => (|| { "x".parse::<u8>()?; Ok::<u8, std::num::ParseIntError>(1) })().is_err(),
        item => {
            fn first(numbers: &[i32]) -> Option<i32> {
                for &n in numbers { if n > 1 { return Some(n); } else { continue; } }
                numbers.first()?;
                None
            }
            first(&[1, 2])
        },
        array => [{ let mut n = 0; loop { n += 1; if n == 2 { break n } } }; 2],
        condition if (|| Some("1".parse::<u8>().ok()? == 1))() == Some(true) => (),
        text => stringify!(break 'frames; number().await; x?),
    };
    assert_eq!((frame.closure, frame.tried, frame.item, frame.array), (6, true, Some(2), [2, 2]));
    assert!(frame.condition.is_some() && frame.text.contains("await"));
}

#[test]
fn async_code_of_a_node() {
    async fn number() -> u32 {
        1
    }
    async fn frame() -> u32 {
        let frame = parallel! {
            future => async { let n = number().await; loop { if n == 1 { break n } } },
            closure => async |n: u32| n + number().await,
            awaited => pollster::block_on(async { number().await + 1 }),
            item => { async fn two() -> u32 { number().await + 1 } two() },
            condition if pollster::block_on(async { number().await == 1 }) => 4,
            background later => pollster::block_on(async { number().await }),
        };
        let closure = frame.closure;
        frame.future.await
            + closure(1).await
            + frame.awaited
            + frame.item.await
            + frame.condition.unwrap()
            + frame.later.await
    }
    assert_eq!(pollster::block_on(frame()), 1 + 2 + 2 + 2 + 4 + 1);
}

#[test]
fn return_and_question_mark_concern_the_node() {
    fn early(early: bool) -> &'static str {
        let frame = parallel! {
            a => { if early { return 1; } 2 },
            b => { let n: u8 = "x".parse()?; Ok::<u8, std::num::ParseIntError>(n) },
            c => { Some("1")?.parse::<u8>().ok() },
            d if { if early { return true; } false } => (),
        };
        assert_eq!((frame.a, frame.c, frame.d), if early { (1, Some(1), Some(())) } else { (2, Some(1), None) });
        assert!(frame.b.is_err());
        "went on"
    }
    assert_eq!((early(true), early(false)), ("went on", "went on"));
    let tried: Result<_, std::num::ParseIntError> = try_parallel! {
        a => Ok("1".parse::<u8>()? + 1),
        b(a) => { if *a == 2 { return Ok(7); } "x".parse() },
    };
    assert_eq!(tried.map(|frame| frame.b), Ok(7));
}
