//! What a wrong graph or job gets to read: each case is one mistake, and its `.stderr` the messages for it.
//!
//! The messages are those of one toolchain. After a change: `TRYBUILD=overwrite cargo test -p micropool-macros --test ui`,
//! and read what changed.

#[test]
fn mistakes_get_messages_on_the_right_token() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/parallel/*.rs");
    cases.compile_fail("tests/ui/job/*.rs");
    cases.pass("tests/ui/pass/*.rs");
}
