//! The inside of the hexagon: what the service is about, what can be done with it, and the ports to the rest of the
//! world. It depends on no framework, runtime, database or HTTP crate.
//!
//! - Resources: a public module each, with its values, its port and its use cases. Yours to replace.
//! - Mechanism: everything else. [`ports`] holds the ports that every service needs. Resources are built from [`Id`],
//!   [`Page`] and [`Idempotent`], from values that are valid by construction ([`Text`], [`Int`], [`Date`], [`Time`],
//!   [`Choice`], [`Uuid`]) and, if their items change, from [`Version`], [`Expected`], [`WriteOutcome`] and
//!   [`Fingerprint`].

// Resources, one line each.
pub mod tweet;

pub mod ports;

mod choice;
mod date;
mod error;
mod fingerprint;
mod id;
mod idempotency_key;
mod int;
mod page;
mod principal;
mod text;
mod version;

#[cfg(feature = "testing")]
pub mod testing;

pub use choice::{Choice, ParseChoiceError};
pub use date::{Date, ParseDateError, ParseTimeError, Time};
pub use error::{BoxedSource, RepositoryError, Unhealthy, chain_of_causes};
pub use fingerprint::{Fingerprint, FingerprintBuilder};
pub use id::{ID_LEN, Id, IdGenerator, ParseIdError};
pub use idempotency_key::{
    CreateIdempotentError, CreateOutcome, IdempotencyKey, Idempotent, OwnedKey, ParseIdempotencyKeyError,
};
pub use int::{Int, IntError};
pub use page::{Cursor, Page, PageLimit};
pub use ports::{Authenticator, CheckName, Clock, HealthCheck};
pub use principal::{ParsePrincipalError, Principal, TOKEN_PREFIX};
pub use text::{Text, TextError};
pub use version::{Expected, Version, VersionError, WriteOutcome};

/// The crate's re-export of its time library, so that no other crate has to choose one.
pub use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Timelike, Utc};
/// The same for UUIDs, which a client chooses: the ids of items are [`Id`]s.
pub use uuid::Uuid;
