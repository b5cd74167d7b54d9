//! Commands on copies of a template, in working trees of git.

#![expect(
    clippy::expect_used,
    reason = "a test that cannot continue must fail with the reason"
)]

mod rename;
mod resource;
mod template;
mod tree;
mod update;
