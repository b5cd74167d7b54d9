//! Reading a file whose file system may not respond.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};

use crate::text_file;

/// The maximum size of the file, in bytes; far more than a list maintained by hand.
const MAX_BYTES: u64 = 1 << 20;

/// Reads one file again and again, on a thread that may block. There is never more than one such thread: as long as a
/// read does not return, no other is started, however long the file system hangs.
pub(super) struct Reader {
    read: Arc<dyn Fn() -> io::Result<String> + Send + Sync>,
    timeout: Duration,
    /// A read that had not returned when its time was up.
    pending: Option<Pending>,
}

struct Pending {
    started: Instant,
    read: JoinHandle<io::Result<String>>,
}

/// What a read returned.
pub(super) struct Content {
    pub(super) text: String,
    /// The file had this content at that time, or later.
    pub(super) started: Instant,
}

impl Reader {
    /// Reads this file; each read may take this long.
    pub(super) fn new(path: &Path, timeout: Duration) -> Self {
        let path = path.to_owned();
        Self::with(timeout, move || read_file(&path))
    }

    fn with(timeout: Duration, read: impl Fn() -> io::Result<String> + Send + Sync + 'static) -> Self {
        Self {
            read: Arc::new(read),
            timeout,
            pending: None,
        }
    }

    /// Reads the file. If an earlier read has not returned yet, waits for that one.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) if the file system does not respond in time; otherwise its error.
    pub(super) async fn read(&mut self) -> io::Result<Content> {
        let mut pending = self.pending.take().unwrap_or_else(|| self.start());

        let Ok(done) = timeout(self.timeout, &mut pending.read).await else {
            self.pending = Some(pending);
            return Err(io::ErrorKind::TimedOut.into());
        };
        Ok(Content {
            text: done??,
            started: pending.started,
        })
    }

    fn start(&self) -> Pending {
        let read = Arc::clone(&self.read);

        Pending {
            started: Instant::now(),
            read: spawn_blocking(move || read()),
        }
    }
}

fn read_file(path: &Path) -> io::Result<String> {
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

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    };

    use super::*;

    #[tokio::test]
    async fn file_system_that_hangs_costs_one_thread() {
        let (respond, response) = mpsc::channel();
        let response = Mutex::new(response);
        let started = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&started);
        let mut reader = Reader::with(Duration::from_millis(5), move || {
            counter.fetch_add(1, Ordering::SeqCst);
            let response = response.lock().unwrap_or_else(PoisonError::into_inner);
            response.recv().map_err(io::Error::other)
        });

        for _ in 0..20 {
            let error = reader.read().await.err().expect("the file system hangs");
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        }
        assert_eq!(started.load(Ordering::SeqCst), 1, "threads that wait");

        let responded = Instant::now();
        respond.send("content".to_owned()).expect("a reader");
        reader.timeout = Duration::from_secs(60);
        let content = reader.read().await.expect("the content");
        assert_eq!(content.text, "content");
        assert!(
            content.started < responded,
            "as old as the read, not as its result"
        );

        respond.send("next".to_owned()).expect("a reader");
        assert_eq!(reader.read().await.expect("the content").text, "next");
        assert_eq!(started.load(Ordering::SeqCst), 2, "the file is read again");
    }
}
