//! Consecutive failures to send: how long to back off, and when to log.

use std::{
    mem,
    time::{Duration, Instant},
};

/// The wait after the first failure. It doubles with each further one, up to [`MAX_BACKOFF`].
pub(super) const INITIAL_BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(10);

/// The minimum time between two warnings. Warnings go to the syslog server too, so a server that comes and goes must not
/// cause one each time.
const WARNING_INTERVAL: Duration = Duration::from_secs(60);

/// The failures since the server was last known to receive lines.
#[derive(Debug, Default)]
pub(super) struct FailureState {
    failures: u32,
    last_warning: Option<Instant>,
    /// Whether the most recent log line about the server was a warning.
    warned: bool,
}

impl FailureState {
    /// Records a failure. Returns how long to wait before the next attempt.
    pub(super) fn record(&mut self) -> Duration {
        let backoff = INITIAL_BACKOFF
            .saturating_mul(1 << self.failures.min(16))
            .min(MAX_BACKOFF);
        self.failures = self.failures.saturating_add(1);

        backoff
    }

    /// Whether a warning is due. If so, it counts as given.
    pub(super) fn should_warn(&mut self) -> bool {
        let due = !self.warned && self.last_warning.is_none_or(|at| at.elapsed() > WARNING_INTERVAL);
        if due {
            self.warned = true;
            self.last_warning = Some(Instant::now());
        }

        due
    }

    /// Ends the series of failures. Returns whether a warning was given during it, so that the recovery should be logged
    /// as well.
    pub(super) fn recovered(&mut self) -> bool {
        self.failures = 0;
        mem::take(&mut self.warned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_its_maximum_and_starts_again_after_recovery() {
        let mut state = FailureState::default();
        let backoffs: Vec<_> = (0..9).map(|_| state.record().as_millis()).collect();
        assert_eq!(backoffs, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);

        state.recovered();
        assert_eq!(state.record(), INITIAL_BACKOFF);
    }

    #[test]
    fn flapping_server_causes_one_warning() {
        let mut state = FailureState::default();
        assert!(state.should_warn());
        assert!(!state.should_warn(), "still the same failure");

        assert!(state.recovered(), "the recovery is logged");
        assert!(!state.should_warn(), "too soon after the first warning");
        assert!(!state.recovered(), "there is no warning to take back");
    }
}
