//! Tokens in a file, for a handful of clients whose list one person maintains. The file holds only hashes of the
//! tokens.

mod debounce;
mod issue;
mod reader;
mod reload;
mod table;

use std::{
    io,
    path::Path,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use async_trait::async_trait;
use domain::{Authenticator, CheckName, HealthCheck, Principal, Unhealthy};

pub use issue::{Issued, issue};
use reader::Reader;
use reload::Reload;
use table::TokenTable;
pub use table::{ParseEntryError, ParseTokenFileError};

/// When the file is read, and for how long its tokens are valid without that. The default is for production.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// The time between two reads.
    pub poll_interval: Duration,
    /// How long a read may take: the file may be on a network file system that does not respond.
    pub read_timeout: Duration,
    /// For how long tokens remain valid while it is not known whether they were withdrawn.
    pub grace_period: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            poll_interval: Duration::from_secs(1),
            read_timeout: Duration::from_secs(5),
            grace_period: Duration::from_secs(60),
        }
    }
}

/// An [`Authenticator`] whose tokens stand in a file of `name:sha256-of-token` lines.
///
/// The file is read every second, so that a change needs no restart. New content takes effect when it was read twice in
/// a row, because a file that is being written may be read empty or cut off.
///
/// While the file is missing, unreadable, invalid, or never read twice with one content, it is not known whether a
/// token was withdrawn. The last valid content stays in effect for the [grace period](Timing::grace_period). Then no
/// token is accepted and none is called invalid: every call fails until the file is read again. The health check
/// `tokens` fails as well.
#[derive(Debug)]
pub struct TokenFile {
    tokens: RwLock<Tokens>,
}

#[derive(Debug)]
struct Tokens {
    table: Arc<TokenTable>,
    /// Why the table is not used at present.
    closed: Option<Unhealthy>,
}

/// Why the token file cannot be used. The name of the file is not repeated: it may be a token in the wrong place.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// The file cannot be read.
    #[error("the file it names cannot be read: {0}")]
    Read(#[source] io::Error),
    /// A line is invalid.
    #[error(transparent)]
    Parse(#[from] ParseTokenFileError),
}

impl TokenFile {
    /// Reads the file, and spawns a task on the current tokio runtime that reloads it until this is dropped.
    ///
    /// # Errors
    /// If the file cannot be read or is invalid.
    pub async fn open(path: &Path) -> Result<Arc<Self>, TokenFileError> {
        Self::open_with(path, Timing::default()).await
    }

    /// As [`open`](Self::open), with these times.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub async fn open_with(path: &Path, timing: Timing) -> Result<Arc<Self>, TokenFileError> {
        let mut reader = Reader::new(path, timing.read_timeout);
        let content = reader.read().await;
        let content = content.map_err(TokenFileError::Read)?;
        let table = TokenTable::parse(&content.text)?;
        tracing::info!(tokens = table.len(), "writes require a token of API_TOKENS_FILE");

        let file = Arc::new(Self {
            tokens: RwLock::new(Tokens {
                table: Arc::new(table),
                closed: None,
            }),
        });
        let reload = Reload::new(timing, reader, content);
        tokio::spawn(reload.run(Arc::downgrade(&file)));

        Ok(file)
    }

    /// Nothing that runs under the lock can leave the tokens half changed, so a poisoned lock is safe to use.
    fn read(&self) -> RwLockReadGuard<'_, Tokens> {
        self.tokens.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tokens> {
        self.tokens.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&self, table: TokenTable) {
        tracing::info!(tokens = table.len(), "reloaded API_TOKENS_FILE");
        self.write().table = Arc::new(table);
    }

    /// From now on, no token is accepted and none is called invalid.
    fn close(&self, grace_period: Duration, problem: &impl std::fmt::Display) {
        if self.read().closed.is_some() {
            return;
        }

        let reason = format!(
            "API_TOKENS_FILE has not been readable for {} s ({problem}), so tokens may have been withdrawn",
            grace_period.as_secs()
        );
        tracing::error!("{reason}: every write gets a 503 until the file can be read and is valid");
        self.write().closed = Some(Unhealthy { reason, source: None });
    }

    /// The table is in effect, if it was not.
    fn open_again(&self) {
        if self.read().closed.is_some() {
            tracing::info!("API_TOKENS_FILE is readable again: writes are accepted");
            self.write().closed = None;
        }
    }
}

#[async_trait]
impl Authenticator for TokenFile {
    async fn authenticate(&self, token: &str) -> Result<Option<Principal>, Unhealthy> {
        let table = {
            let tokens = self.read();
            match &tokens.closed {
                Some(unhealthy) => return Err(unhealthy.clone()),
                None => Arc::clone(&tokens.table),
            }
        };

        Ok(table.holder(token).cloned())
    }
}

#[async_trait]
impl HealthCheck for TokenFile {
    fn name(&self) -> CheckName {
        CheckName::Tokens
    }

    async fn check(&self) -> Result<(), Unhealthy> {
        match &self.read().closed {
            Some(unhealthy) => Err(unhealthy.clone()),
            None => Ok(()),
        }
    }
}
