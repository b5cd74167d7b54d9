//! When sending has to end.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Tells the thread that sends when the process ends, also while it waits between two attempts.
#[derive(Debug, Default)]
pub(super) struct Shutdown {
    deadline: Mutex<Option<Instant>>,
    begun: Condvar,
}

impl Shutdown {
    /// From now on, nothing is sent after this deadline.
    pub(super) fn begin(&self, deadline: Instant) {
        *self.lock() = Some(deadline);
        self.begun.notify_all();
    }

    /// The deadline, if the process ends.
    pub(super) fn deadline(&self) -> Option<Instant> {
        *self.lock()
    }

    /// Waits this long, or until shutdown begins.
    pub(super) fn wait(&self, time: Duration) {
        let has_not_begun = |deadline: &mut Option<Instant>| deadline.is_none();
        let _ = self.begun.wait_timeout_while(self.lock(), time, has_not_begun);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.deadline.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
