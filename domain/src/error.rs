use std::{error::Error, sync::Arc};

use thiserror::Error;

/// The cause of an error, shared: one failed statement may answer many callers.
pub type BoxedSource = Arc<dyn Error + Send + Sync>;

/// Why a [`TweetRepository`](crate::TweetRepository) could not do what it was asked to; each variant is something a
/// caller can act on. The source is for the log, never for a client.
#[derive(Debug, Clone, Error)]
pub enum RepositoryError {
    /// The store cannot be reached now. Worth trying again a little later. It may have been lost while it was adding, so
    /// whether an addition was stored is not known.
    #[error("the tweet store cannot be reached")]
    Unavailable {
        /// What the adapter saw.
        source: BoxedSource,
    },
    /// The store did not answer in time. Whether an addition was stored is not known.
    #[error("the tweet store did not answer in time")]
    TimedOut {
        /// What the adapter saw.
        source: BoxedSource,
    },
    /// A tweet with this id is stored already, and stored tweets never change.
    #[error("a tweet with this id is already stored")]
    Conflict,
    /// The store failed in a way that trying again does not mend.
    #[error("the tweet store failed")]
    Internal {
        /// What the adapter saw.
        source: BoxedSource,
    },
}

/// A dependency does not work; the message is for the operator who reads the log.
#[derive(Debug, Clone, Error)]
#[error("{reason}")]
pub struct Unhealthy {
    /// What is wrong, in words.
    pub reason: String,
    /// What the adapter saw, where there is more to say.
    pub source: Option<BoxedSource>,
}
