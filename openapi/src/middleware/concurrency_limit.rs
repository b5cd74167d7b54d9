//! The limit of requests under way.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::http::problem::Problem;

/// Without a refusal for this long, the overload is over.
const OVER: Duration = Duration::from_secs(1);

/// How many requests may be worked on at once. An operation takes its turn once its request has arrived as a whole: who
/// sends slowly keeps nobody from working.
pub(crate) struct ConcurrencyLimit {
    free: Semaphore,
    all: usize,
    refusing: AtomicBool,
    last_refusal: Mutex<Option<Instant>>,
}

impl ConcurrencyLimit {
    pub(crate) fn new(all: usize) -> Self {
        let (refusing, last_refusal) = (AtomicBool::new(false), Mutex::new(None));
        Self {
            free: Semaphore::new(all),
            all,
            refusing,
            last_refusal,
        }
    }

    /// A turn, which ends when it is dropped.
    ///
    /// # Errors
    /// When all are taken: a wait would only add to the load. The log is told once, and once more when it is over.
    pub(crate) fn try_acquire(&self) -> Result<SemaphorePermit<'_>, Problem> {
        let Ok(turn) = self.free.try_acquire() else {
            let mut last = self.last_refusal.lock().unwrap_or_else(PoisonError::into_inner);
            if last.replace(Instant::now()).is_none() {
                self.refusing.store(true, Relaxed);
                tracing::warn!(
                    under_way = self.all,
                    "MAX_CONCURRENT_REQUESTS are under way: further ones are refused"
                );
            }
            return Err(Problem::overloaded());
        };
        if self.refusing.load(Relaxed) {
            let mut last = self.last_refusal.lock().unwrap_or_else(PoisonError::into_inner);
            if last.is_some_and(|last| last.elapsed() > OVER) {
                *last = None;
                self.refusing.store(false, Relaxed);
                tracing::info!("requests are no longer refused");
            }
        }
        Ok(turn)
    }
}
