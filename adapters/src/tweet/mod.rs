//! Tweets: the stores that implement [`TweetRepository`](domain::tweet::TweetRepository), and the decorators around them. Each
//! decorator keeps one promise, and the contract holds through every stack of them.
//!
//! # Adding a decorator
//! 1. In a file of this folder: a struct with `inner`, one `impl TweetRepository` under
//!    `#[deny(clippy::missing_trait_methods)]`. What the same decorator of another resource needs too belongs in a
//!    mechanism such as `batch_queue`, `cache`, `timed` or `traced`.
//! 2. The test of its promise in `adapters/tests/tweet`, and a line in `adapters/tests/tweet/contract.rs`, so that the
//!    contract runs through it.
//! 3. Its place in the stack, and why there, in `app/src/compose.rs`.

pub mod memory;
pub mod sql_repository;

pub mod batched;
pub mod cached;
pub mod metered;
pub mod replicated;
pub mod traced;

mod row;
mod sql;
#[cfg(test)]
mod sql_plan_tests;

pub use batched::Batched;
pub use cached::Cached;
pub use memory::InMemoryTweetRepository;
pub use metered::Metered;
pub use replicated::Replicated;
pub use sql_repository::SeaOrmTweetRepository;
pub use traced::Traced;
