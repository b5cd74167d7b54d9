//! The driven side of the hexagon: implementations of the ports of `domain`.
//!
//! - Resource: [`tweet`], its stores and their decorators. Yours to replace.
//! - Mechanism: everything else. Decorators are built from `batch_queue`, `cache` and `timed`, SQL stores from
//!   [`database`].

pub mod tweet;

mod batch_queue;
mod cache;
mod timed;

pub mod auth;
pub mod clock;
pub mod database;
pub mod syslog;

#[cfg(feature = "testing")]
pub mod testing;

pub use auth::token_file::TokenFile;
pub use clock::SystemClock;
pub use database::SeaOrmHealthCheck;
pub use tweet::{Batched, Cached, InMemoryTweetRepository, Metered, SeaOrmTweetRepository};

/// The example of docs/make-it-yours.md, compiled and run with the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/make-it-yours.md")]
struct MakeItYours;
