//! The ports that every service needs. The port of a resource is in the folder of that resource.

use async_trait::async_trait;

use crate::{DateTime, Principal, Unhealthy, Utc};

crate::choice! {
    /// THE list of what health checks are called, one line each. `/healthcheck/` reports every check by its name, and
    /// the OpenAPI document lists the names, so that generated clients have a member for each.
    pub enum CheckName {
        /// The database, or the store in memory in its place.
        Db = "db",
        /// A replica of the database, which serves reads.
        Replica = "replica",
        /// The schema of the database: all migrations are applied.
        Schema = "schema",
        /// The file of tokens.
        Tokens = "tokens",
    }
}

/// A dependency of the service, and whether it works now.
///
/// # Adding a health check
/// 1. Add its name to [`CheckName`].
/// 2. Implement this trait in `adapters`, beside the dependency.
/// 3. Add it to `checks` in `app/src/compose.rs`. All checks run concurrently, each under a timeout, and
///    `/healthcheck/` reports each by its name.
#[async_trait]
pub trait HealthCheck: Send + Sync {
    /// The name of the dependency in the health report. Checks may share a name; the report then shows one entry, which
    /// is `nok` if any of them fails.
    fn name(&self) -> CheckName;

    /// Whether the service is not ready while the dependency does not work. Otherwise it works without it, less well, and
    /// the report only names it.
    fn is_required(&self) -> bool {
        true
    }

    /// Asks the dependency itself, not a cache of it. The caller puts a timeout on the call.
    ///
    /// # Errors
    /// [`Unhealthy`] with what an operator should know. It is logged, never sent to a client.
    async fn check(&self) -> Result<(), Unhealthy>;
}

/// Knows who holds a token. Tokens are secrets: an implementation never stores, logs or repeats one, not in errors
/// either, and the time it takes reveals nothing about the tokens it knows.
///
/// May be called from many tasks at once. The caller puts a timeout on the call; dropping the future cancels it.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// The principal that holds the token now; `None` if the token is unknown, withdrawn or malformed. The text is as
    /// the client sent it and may be anything.
    ///
    /// # Errors
    /// [`Unhealthy`] if the holder cannot be determined. The request must then be rejected.
    async fn authenticate(&self, token: &str) -> Result<Option<Principal>, Unhealthy>;
}

/// The only source of the time of day. It may stand still or step back between two calls.
pub trait Clock: Send + Sync {
    /// The current time.
    fn now(&self) -> DateTime<Utc>;
}
