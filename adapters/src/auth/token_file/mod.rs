//! Tokens in a file, for a few writers that one person can list; the file has their hashes alone.

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

use table::Entries;
pub use table::{BadLine, Reason};

/// How often the file is read.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long reading it may take: it may be on a network that is away.
const READ_WITHIN: Duration = Duration::from_secs(5);

/// No list of writers that anybody keeps by hand is longer, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// [`Authenticator`] by a file of `name:sha256-of-token` lines. It is read every second, and what it says counts once it
/// has said it twice: a file that is being written is seen empty or cut off. While it cannot be read or used, what it
/// said before holds, and the log says so once.
#[derive(Debug)]
pub struct TokenFile {
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

impl TokenFile {
    /// Reads the file and goes on reading it, on the current tokio runtime, until this is dropped.
    ///
    /// # Errors
    /// When it cannot be read or used.
    pub async fn open(path: &Path) -> Result<Arc<Self>, TokenFileError> {
        let text = read(path).await?;
        let entries = parse(path, &text)?;
        tracing::info!(tokens = entries.len(), "writers need a token of API_TOKENS_FILE");
        let file = Arc::new(Self {
            entries: RwLock::new(Arc::new(entries)),
        });
        tokio::spawn(watch(Arc::downgrade(&file), path.to_owned(), text));
        Ok(file)
    }

    fn adopt(&self, entries: Entries) {
        tracing::info!(tokens = entries.len(), "API_TOKENS_FILE was read again");
        *self.entries.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(entries);
    }
}

#[async_trait]
impl Authenticator for TokenFile {
    async fn authenticate(&self, token: &str) -> Result<Option<Principal>, Unhealthy> {
        let entries = Arc::clone(&self.entries.read().unwrap_or_else(PoisonError::into_inner));
        Ok(entries.holder(token).cloned())
    }
}

/// What the file said.
struct Said {
    settled: String,
    last: String,
}

impl Said {
    /// Whether this is new, and said for the second time.
    fn settles(&mut self, text: String) -> bool {
        let settles = text == self.last && text != self.settled;
        if settles {
            self.settled.clone_from(&text);
        }
        self.last = text;
        settles
    }
}

async fn watch(file: Weak<TokenFile>, path: PathBuf, text: String) {
    let mut said = Said {
        settled: text.clone(),
        last: text,
    };
    let mut readable = true;
    loop {
        sleep(LOOK_EVERY).await;
        let Some(file) = file.upgrade() else { return };
        let warn = |error| tracing::warn!("API_TOKENS_FILE: {error}; what it said before holds");
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
        if said.settles(text) {
            parse(&path, &said.settled).map_or_else(warn, |entries| file.adopt(entries));
        }
    }
}

/// On a thread that may wait.
async fn read(path: &Path) -> Result<String, TokenFileError> {
    let reading = path.to_owned();
    let read = timeout(READ_WITHIN, spawn_blocking(move || read_now(&reading))).await;
    let text = match read {
        Ok(Ok(text)) => text,
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    };
    text.map_err(|error| TokenFileError::Read(path.to_owned(), error))
}

fn read_now(path: &Path) -> io::Result<String> {
    // A pipe would be waited for.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut text = String::new();
    // One byte more tells a file that is too long.
    File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    Ok(text)
}

fn parse(path: &Path, text: &str) -> Result<Entries, TokenFileError> {
    Entries::parse(text).map_err(|bad| TokenFileError::Line(path.to_owned(), bad))
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
pub fn issue(writer: &Principal) -> io::Result<Issued> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)?;
    let token = format!("tws_{}", table::to_hex(&random));
    Ok(Issued {
        line: table::line(writer, &token),
        token,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_being_written_does_not_count() {
        let mut said = Said {
            settled: "old".to_owned(),
            last: "old".to_owned(),
        };
        let mut settles = |text: &str| said.settles(text.to_owned());
        assert!(!settles("old"));
        assert!(
            !settles("") && !settles("ne") && !settles("new"),
            "each is said once"
        );
        assert!(settles("new"));
        assert!(!settles("new"), "it is known by now");
        assert!(!settles("old") && settles("old"), "it may go back");
    }
}
