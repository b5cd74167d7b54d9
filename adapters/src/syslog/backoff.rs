//! What consecutive failures to send lead to: how long to wait before the next attempt, and when to log a warning.

use std::{
    mem,
    time::{Duration, Instant},
};

/// The delay after the first failure. It doubles with each further one, up to [`MAX_DELAY`].
pub(super) const INITIAL_DELAY: Duration = Duration::from_millis(100);
const MAX_DELAY: Duration = Duration::from_secs(10);

/// The minimum time between two warnings. Warnings go to the syslog server too, so a server that comes and goes must not
/// cause one each time.
const WARNING_INTERVAL: Duration = Duration::from_secs(60);

/// The failures since the server was last known to receive lines.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    last_warning: Option<Instant>,
    /// Whether the most recent log line about the server was a warning.
    warned: bool,
}

impl Backoff {
    /// Records a failure. Returns how long to wait before the next attempt.
    pub(super) fn record_failure(&mut self) -> Duration {
        let delay = INITIAL_DELAY
            .saturating_mul(1 << self.failures.min(16))
            .min(MAX_DELAY);
        self.failures = self.failures.saturating_add(1);

        delay
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
    fn delay_doubles_up_to_its_maximum_and_starts_again_after_recovery() {
        let mut backoff = Backoff::default();
        let delays: Vec<_> = (0..9).map(|_| backoff.record_failure().as_millis()).collect();
        assert_eq!(delays, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);

        backoff.recovered();
        assert_eq!(backoff.record_failure(), INITIAL_DELAY);
    }

    #[test]
    fn flapping_server_causes_one_warning() {
        let mut backoff = Backoff::default();
        assert!(backoff.should_warn());
        assert!(!backoff.should_warn(), "still the same failure");

        assert!(backoff.recovered(), "the recovery is logged");
        assert!(!backoff.should_warn(), "too soon after the first warning");
        assert!(!backoff.recovered(), "there is no warning to take back");
    }
}
