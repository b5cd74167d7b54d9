//! The limit of concurrent requests, and load shedding beyond it.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::http::problem::{Problem, ProblemType};

/// Overload is over after this time without a rejected request.
const RECOVERY_TIME: Duration = Duration::from_secs(1);

/// Limits the number of requests that are worked on at once, in the whole service.
///
/// It is not a layer but is acquired by handlers, after validation: a permit is held only while a use case runs, so a
/// client that sends its body slowly, or sends nonsense, takes no capacity from others.
pub struct ConcurrencyLimit {
    permits: Semaphore,
    limit: usize,
    overloaded: AtomicBool,
    last_rejection: Mutex<Option<Instant>>,
}

impl ConcurrencyLimit {
    /// At most `limit` requests at once.
    pub fn new(limit: usize) -> Self {
        Self {
            permits: Semaphore::new(limit),
            limit,
            overloaded: AtomicBool::new(false),
            last_rejection: Mutex::new(None),
        }
    }

    /// A permit for one request. Dropping it frees its place.
    ///
    /// # Errors
    /// [`ProblemType::OVERLOADED`] at once if all permits are taken: waiting would only add to the load. The log gets
    /// one line when overload begins and one when it is over.
    pub(crate) fn try_acquire(&self) -> Result<SemaphorePermit<'_>, Problem> {
        let Ok(permit) = self.permits.try_acquire() else {
            self.record_rejection();
            return Err(Problem::new(ProblemType::OVERLOADED));
        };

        if self.overloaded.load(Relaxed) {
            self.record_recovery();
        }
        Ok(permit)
    }

    fn record_rejection(&self) {
        let mut last = self.last_rejection.lock().unwrap_or_else(PoisonError::into_inner);

        if last.replace(Instant::now()).is_none() {
            self.overloaded.store(true, Relaxed);
            tracing::warn!(
                limit = self.limit,
                "overloaded: MAX_CONCURRENT_REQUESTS are in progress; rejecting further requests with 503"
            );
        }
    }

    fn record_recovery(&self) {
        let mut last = self.last_rejection.lock().unwrap_or_else(PoisonError::into_inner);

        if last.is_some_and(|last| last.elapsed() > RECOVERY_TIME) {
            *last = None;
            self.overloaded.store(false, Relaxed);
            tracing::info!("no longer overloaded: accepting requests again");
        }
    }
}
