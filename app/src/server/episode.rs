//! A condition that comes back many times before it ends, such as a flood of connections.

use std::time::{Duration, Instant};

/// A condition that has not been met for this long has ended.
const RECOVERY_TIME: Duration = Duration::from_secs(1);

/// Such a condition, counted so that its beginning and its end can be logged once each.
#[derive(Default)]
pub(super) struct Episode {
    last: Option<Instant>,
    times: u64,
}

impl Episode {
    /// Records that the condition is met. Returns whether an episode begins with it.
    pub(super) fn record(&mut self) -> bool {
        self.times += 1;
        self.last.replace(Instant::now()).is_none()
    }

    /// Returns how often the condition was met, once after it was met for the last time [`RECOVERY_TIME`] ago.
    pub(super) fn ended(&mut self) -> Option<u64> {
        let ended = self.last.is_some_and(|last| last.elapsed() > RECOVERY_TIME);
        let times = self.times;
        if ended {
            *self = Self::default();
        }

        ended.then_some(times)
    }
}
