//! Tokens in a file, for a few writers that one person can list; the file has their hashes alone.

mod entries;

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock, Weak},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use domain::{Authenticator, Unhealthy, Writer};
use tokio::{task::spawn_blocking, time::sleep};

use entries::Entries;
pub use entries::{BadLine, Reason};

/// How often it is asked whether the file changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// No list of writers that anybody keeps by hand is longer, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// [`Authenticator`] by a file of `name:sha256-of-token` lines. A change of the file counts within two seconds; while
/// what it says cannot be used, what it said before holds.
#[derive(Debug)]
pub struct TokenFile {
    path: PathBuf,
    entries: RwLock<Arc<Entries>>,
}

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// It cannot be read.
    #[error("{0:?} cannot be read: {1}")]
    Read(PathBuf, #[source] io::Error),
    /// It is not a list of writers.
    #[error("{0:?}, {1}")]
    Line(PathBuf, #[source] BadLine),
}

/// What a file looks like from outside; another look is another content.
type Look = Option<(SystemTime, u64)>;

impl TokenFile {
    /// Reads the file and goes on watching it, on the current tokio runtime, until this is dropped.
    ///
    /// # Errors
    /// When it cannot be read or used.
    pub fn open(path: &Path) -> Result<Arc<Self>, TokenFileError> {
        // Looked at first: a change that comes between the two is then seen later.
        let look = look(path);
        let entries = read(path)?;
        tracing::info!(tokens = entries.len(), "writers need a token of API_TOKENS_FILE");
        let file = Arc::new(Self { path: path.to_owned(), entries: RwLock::new(Arc::new(entries)) });
        tokio::spawn(watch(Arc::downgrade(&file), look));
        Ok(file)
    }

    fn refresh(&self, last: Look) -> Look {
        let look = look(&self.path);
        if look == last {
            return last;
        }
        match read(&self.path) {
            Ok(entries) => {
                tracing::info!(tokens = entries.len(), "API_TOKENS_FILE was read again");
                *self.entries.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(entries);
            }
            Err(error) => tracing::warn!("API_TOKENS_FILE: {error}; what it said before holds"),
        }
        look
    }
}

#[async_trait]
impl Authenticator for TokenFile {
    async fn authenticate(&self, token: &str) -> Result<Option<Writer>, Unhealthy> {
        let entries = Arc::clone(&self.entries.read().unwrap_or_else(PoisonError::into_inner));
        Ok(entries.holder(token).cloned())
    }
}

/// Asks the file system on a thread that may wait: the file may be far away.
async fn watch(file: Weak<TokenFile>, mut last: Look) {
    loop {
        sleep(LOOK_EVERY).await;
        let Some(file) = file.upgrade() else { return };
        match spawn_blocking(move || file.refresh(last)).await {
            Ok(look) => last = look,
            Err(_) => return,
        }
    }
}

fn look(path: &Path) -> Look {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn read(path: &Path) -> Result<Entries, TokenFileError> {
    let unreadable = |error| TokenFileError::Read(path.to_owned(), error);
    let mut text = String::new();
    // One byte more tells a file that is too long, whatever its metadata say: a device has no length.
    let file = File::open(path).map_err(unreadable)?;
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(unreadable(io::Error::other("it is longer than 1 MiB")));
    }
    Entries::parse(&text).map_err(|bad| TokenFileError::Line(path.to_owned(), bad))
}

/// A new token.
pub struct Issued {
    /// The token itself, for the writer alone: `tws_` and 32 random bytes in hexadecimal digits.
    pub token: String,
    /// The line for the file.
    pub line: String,
}

/// Makes a token for a writer.
///
/// # Errors
/// When the system has no random bytes.
pub fn issue(writer: &Writer) -> io::Result<Issued> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)?;
    let token = format!("tws_{}", entries::to_hex(&random));
    Ok(Issued { line: entries::line(writer, &token), token })
}
