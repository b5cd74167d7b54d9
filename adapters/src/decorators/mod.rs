//! Layers over any [`TweetRepository`](domain::TweetRepository), each with one promise; `app/src/compose.rs` stacks them.
//!
//! # Adding a decorator
//! 1. One file: a struct with `inner`, one `impl TweetRepository` under `#[deny(clippy::missing_trait_methods)]`, so
//!    that a method added to the port is not passed by unnoticed, and a test of its promise.
//! 2. Run the contract over it: `domain::tweet_repository_contract!` in `adapters/tests/contract.rs`.
//! 3. Give it its place in `app/src/compose.rs`, saying why there.

mod metered;

pub use metered::Metered;
