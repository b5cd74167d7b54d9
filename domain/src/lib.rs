//! The hexagon's inside: what a tweet is, what can be done with tweets, and the ports through which the rest of the
//! world is reached. No framework, runtime, database or HTTP crate is known here.
//!
//! Read [`ports`] first: it states the whole boundary. Then [`tweet::service`], the use cases the driving side calls.

pub mod ports;
pub mod tweet;

mod error;
mod id;
mod idempotency_key;
mod principal;

#[cfg(feature = "testing")]
pub mod testing;

pub use error::{BoxedSource, RepositoryError, Unhealthy};
pub use id::TweetIds;
pub use idempotency_key::{IdempotencyKey, Keyed, NotAKey};
pub use ports::{Authenticator, Clock, HealthCheck, TweetRepository};
pub use principal::{NotAWriter, Writer};
pub use tweet::{
    Page, PageLimit, TextError, Tweet, TweetId, TweetText,
    service::{CreateOnceError, Created, TweetService},
};

/// The crate's handle on a point in time, so that no other crate has to choose a time library.
pub use chrono::{DateTime, SecondsFormat, Utc};
