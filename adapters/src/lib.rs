//! The driven side of the hexagon: one module a technology, each implementing ports of `domain`.

pub mod clock;
pub mod decorators;
pub mod memory;
pub mod seaorm;
pub mod syslog;
pub mod token_file;

#[cfg(feature = "testing")]
pub mod testing;

pub use clock::SystemClock;
pub use decorators::{Batched, Cached, Metered};
pub use memory::InMemoryTweetRepository;
pub use seaorm::{SeaOrmHealthCheck, SeaOrmTweetRepository};
pub use token_file::TokenFile;

/// The README's example, compiled and run with the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
