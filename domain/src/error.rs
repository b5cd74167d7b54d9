//! The errors of ports.

use std::{error::Error, sync::Arc};

use thiserror::Error;

/// The cause of an error. It is shared, because one failed statement can fail many callers.
pub type BoxedSource = Arc<dyn Error + Send + Sync>;

/// Why a repository failed. Each variant is something that a caller can act on. The source is for the log, never for a
/// client.
#[derive(Debug, Clone, Error)]
pub enum RepositoryError {
    /// The store cannot be reached now; a later attempt may succeed. It may have become unreachable during a write, so
    /// the outcome of a write is unknown.
    #[error("the store cannot be reached")]
    Unavailable {
        /// What the adapter saw.
        source: BoxedSource,
    },
    /// The store did not respond in time. The outcome of a write is unknown.
    #[error("the store did not respond in time")]
    TimedOut {
        /// What the adapter saw.
        source: BoxedSource,
    },
    /// An item with this id is already stored.
    #[error("an item with this id is already stored")]
    Conflict,
    /// The store failed in a way that another attempt does not fix.
    #[error("the store failed")]
    Internal {
        /// What the adapter saw.
        source: BoxedSource,
    },
}

/// A dependency does not work. The message is for the operator who reads the log.
#[derive(Debug, Clone, Error)]
#[error("{reason}")]
pub struct Unhealthy {
    /// What is wrong, in words.
    pub reason: String,
    /// What the adapter saw, if there is more to say.
    pub source: Option<BoxedSource>,
}

/// The message of an error and those of its causes, for a log line.
pub fn chain_of_causes(error: &(dyn Error + 'static)) -> String {
    let mut causes: Vec<String> = Vec::new();
    let mut next = Some(error);

    while let Some(error) = next {
        let text = error.to_string();
        // The text of many an error ends with that of its source.
        if !causes.last().is_some_and(|previous| previous.ends_with(&text)) {
            causes.push(text);
        }
        next = error.source();
    }

    causes.join(": ")
}
