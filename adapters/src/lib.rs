//! The driven side of the hexagon: implementations of the ports of `domain`.
//!
//! - Resources: a module each, with its stores and their decorators. Yours to replace.
//! - Mechanism: everything else. Decorators are built from `batch_queue`, `cache`, `timed` and `traced`, SQL stores
//!   from [`database`].

// Resources, one line each.
pub mod tweet;

pub mod batch_queue;
pub mod cache;
pub mod timed;
pub mod traced;

pub mod auth;
pub mod clock;
pub mod database;
mod in_memory_health_check;
pub mod otlp;
pub mod syslog;
pub mod text_file;

#[cfg(feature = "testing")]
pub mod testing;

pub use auth::token_file::TokenFile;
pub use clock::SystemClock;
pub use database::SeaOrmHealthCheck;
pub use in_memory_health_check::InMemoryHealthCheck;
