//! The driven side of the hexagon: one module a technology, each implementing ports of `domain`.

pub mod tweet;

mod batch_queue;

pub mod auth;
pub mod clock;
pub mod database;
pub mod syslog;

#[cfg(feature = "testing")]
pub mod testing;

pub use auth::token_file::TokenFile;
pub use clock::SystemClock;
pub use tweet::{
    Batched, Cached, InMemoryTweetRepository, Metered, SeaOrmTweetRepository, sea_orm::SeaOrmHealthCheck,
};

/// The example of docs/make-it-yours.md, compiled and run with the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/make-it-yours.md")]
struct MakeItYours;
