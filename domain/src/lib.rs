//! The hexagon's inside: what a tweet is, what can be done with tweets, and the ports through which the rest of the
//! world is reached. No framework, runtime, database or HTTP crate is known here.
//!
//! Read [`ports`] first: it states the whole boundary. Then [`service`], the use cases the driving side calls.

pub mod ports;
pub mod service;
pub mod tweet;

mod error;
mod ids;
mod key;
mod writer;

#[cfg(feature = "testing")]
pub mod testing;

pub use error::{BoxedSource, RepositoryError, Unhealthy};
pub use ids::TweetIds;
pub use key::{IdempotencyKey, Keyed, NotAKey};
pub use ports::{Authenticator, Clock, HealthCheck, TweetRepository};
pub use service::{CreateOnceError, Created, TweetService};
pub use tweet::{Page, PageLimit, TextError, Tweet, TweetId, TweetText};
pub use writer::{NotAWriter, Writer};

/// The crate's handle on a point in time, so that no other crate has to choose a time library.
pub use chrono::{DateTime, SecondsFormat, Utc};
