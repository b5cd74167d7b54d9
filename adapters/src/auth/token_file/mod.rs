//! Tokens in a file, for a handful of clients whose list one person maintains. The file holds only hashes of the tokens.

mod debounce;
mod issue;
mod table;

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock, Weak},
    time::Duration,
};

use async_trait::async_trait;
use domain::{Authenticator, Principal, Unhealthy};
use tokio::{
    task::spawn_blocking,
    time::{sleep, timeout},
};

use crate::text_file;
use debounce::Debounce;
pub use issue::{Issued, issue};
use table::TokenTable;
pub use table::{ParseEntryError, ParseTokenFileError};

/// How often the file is read.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// How long a read may take: the file may be on a network file system that does not respond.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum size of the file, in bytes; far more than a list maintained by hand.
const MAX_BYTES: u64 = 1 << 20;

/// An [`Authenticator`] whose tokens stand in a file of `name:sha256-of-token` lines.
///
/// The file is read every second, so that a change needs no restart. New content takes effect when it was read twice in
/// a row, because a file that is being written may be read empty or cut off. While the file is missing or invalid, the
/// last valid content stays in effect, and one warning is logged.
#[derive(Debug)]
pub struct TokenFile {
    table: RwLock<Arc<TokenTable>>,
}

/// Why the token file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// The file cannot be read.
    #[error("{0:?} cannot be read: {1}")]
    Read(PathBuf, #[source] io::Error),
    /// A line is invalid.
    #[error("{0:?}, {1}")]
    Parse(PathBuf, #[source] ParseTokenFileError),
}

impl TokenFile {
    /// Reads the file, and spawns a task on the current tokio runtime that reloads it until this is dropped.
    ///
    /// # Errors
    /// If the file cannot be read or is invalid.
    pub async fn open(path: &Path) -> Result<Arc<Self>, TokenFileError> {
        let text = read(path).await?;
        let table = parse(path, &text)?;
        tracing::info!(tokens = table.len(), "writes require a token of API_TOKENS_FILE");

        let file = Arc::new(Self {
            table: RwLock::new(Arc::new(table)),
        });
        tokio::spawn(reload_on_change(Arc::downgrade(&file), path.to_owned(), text));

        Ok(file)
    }

    fn replace(&self, table: TokenTable) {
        tracing::info!(tokens = table.len(), "reloaded API_TOKENS_FILE");
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(table);
    }
}

#[async_trait]
impl Authenticator for TokenFile {
    async fn authenticate(&self, token: &str) -> Result<Option<Principal>, Unhealthy> {
        let table = Arc::clone(&self.table.read().unwrap_or_else(PoisonError::into_inner));
        Ok(table.holder(token).cloned())
    }
}

async fn reload_on_change(file: Weak<TokenFile>, path: PathBuf, text: String) {
    let mut debounce = Debounce::new(text);
    let mut readable = true;
    let warn =
        |error| tracing::warn!("API_TOKENS_FILE: {error}; the tokens of its last valid content remain valid");

    loop {
        sleep(POLL_INTERVAL).await;
        let Some(file) = file.upgrade() else { return };

        let text = match read(&path).await {
            Ok(text) => text,
            Err(error) => {
                if readable {
                    warn(error);
                }
                readable = false;
                continue;
            }
        };
        readable = true;

        if debounce.is_stable(text) {
            match parse(&path, &debounce.stable) {
                Ok(table) => file.replace(table),
                Err(error) => warn(error),
            }
        }
    }
}

/// Reads the file on a thread that may block.
async fn read(path: &Path) -> Result<String, TokenFileError> {
    let owned = path.to_owned();
    let read = timeout(READ_TIMEOUT, spawn_blocking(move || read_blocking(&owned))).await;

    let text = match read {
        Ok(Ok(text)) => text,
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    };
    text.map_err(|error| TokenFileError::Read(path.to_owned(), error))
}

fn read_blocking(path: &Path) -> io::Result<String> {
    // Opening a named pipe would block until it has a writer.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }

    let mut content = Vec::new();
    // One more byte than allowed shows that the file is too large.
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }

    text_file::decode(content).map_err(io::Error::other)
}

fn parse(path: &Path, text: &str) -> Result<TokenTable, TokenFileError> {
    TokenTable::parse(text).map_err(|error| TokenFileError::Parse(path.to_owned(), error))
}
