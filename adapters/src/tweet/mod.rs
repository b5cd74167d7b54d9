//! What can be wrapped around any [`TweetRepository`](domain::TweetRepository): one file, one promise, and the contract
//! holds through each of them and through all.
//!
//! # Adding a decorator
//! 1. A struct with `inner`, one `impl TweetRepository` under `#[deny(clippy::missing_trait_methods)]`, and the test of
//!    its promise in `adapters/tests`.
//! 2. A line in `adapters/tests/contract.rs`, so that the contract runs through it.
//! 3. Its place in the stack, and why there, in `app/src/compose.rs`.

pub mod batched;
pub mod cached;
pub mod memory;
pub mod metered;
pub mod sea_orm;

pub(crate) mod entity;
#[cfg(test)]
mod plans;
pub(crate) mod sql;

pub use batched::Batched;
pub use cached::Cached;
pub use memory::InMemoryTweetRepository;
pub use metered::Metered;
pub use sea_orm::SeaOrmTweetRepository;
