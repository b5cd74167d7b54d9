//! Whether the database has room for writes.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How long a full disk is reported after the last write that failed. A service that is reported as unhealthy may get no
/// more requests, so no write would ever show that there is room again.
const REPORTED_FOR: Duration = Duration::from_secs(30);

/// Remembers when a write last failed because the disk was full. A full disk still serves reads and pings.
#[derive(Debug, Default)]
pub(crate) struct DiskSpace {
    full_at: Mutex<Option<Instant>>,
}

impl DiskSpace {
    /// Records a write that found the disk full.
    pub(crate) fn record_full(&self) {
        self.set(Some(Instant::now()));
    }

    /// Records a write that succeeded.
    pub(crate) fn record_success(&self) {
        self.set(None);
    }

    /// Whether a write failed lately, and none succeeded since.
    pub(crate) fn is_full(&self) -> bool {
        let full_at = *self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        full_at.is_some_and(|at| at.elapsed() < REPORTED_FOR)
    }

    fn set(&self, full_at: Option<Instant>) {
        *self.full_at.lock().unwrap_or_else(PoisonError::into_inner) = full_at;
    }
}
