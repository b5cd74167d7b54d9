//! The inside of the hexagon: what the service is about, what can be done with it, and the ports to the rest of the
//! world. It depends on no framework, runtime, database or HTTP crate.
//!
//! - Resources: a public module each, with its values, its port and its use cases. Yours to replace.
//! - Mechanism: everything else. [`ports`] holds the ports that every service needs; [`Id`], [`Text`], [`Page`] and
//!   [`Idempotent`] are what resources are built from.

// Resources, one line each.
pub mod tweet;

pub mod ports;

mod error;
mod id;
mod idempotency_key;
mod page;
mod principal;
mod text;

#[cfg(feature = "testing")]
pub mod testing;

pub use error::{BoxedSource, RepositoryError, Unhealthy, chain_of_causes};
pub use id::{ID_LEN, Id, IdGenerator, ParseIdError};
pub use idempotency_key::{
    CreateIdempotentError, CreateOutcome, IdempotencyKey, Idempotent, OwnedKey, ParseIdempotencyKeyError,
};
pub use page::{Page, PageLimit};
pub use ports::{Authenticator, Clock, HealthCheck};
pub use principal::{ParsePrincipalError, Principal, TOKEN_PREFIX};
pub use text::{Text, TextError};

/// The crate's re-export of its time library, so that no other crate has to choose one.
pub use chrono::{DateTime, SecondsFormat, Utc};
