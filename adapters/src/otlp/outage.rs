//! When to say that spans cannot be delivered, and that they can again.

use std::{
    mem,
    time::{Duration, Instant},
};

/// The minimum time between two warnings.
const WARNING_INTERVAL: Duration = Duration::from_secs(60);

/// The batches that failed since the last one that was delivered.
#[derive(Debug, Default)]
pub(super) struct Outage {
    last_warning: Option<Instant>,
    /// Whether the most recent log line about the collector was a warning.
    warned: bool,
    lost: u64,
}

impl Outage {
    /// Records a failure. Returns whether a warning is due; if so, it counts as given.
    pub(super) fn record(&mut self, lost: u64) -> bool {
        self.lost += lost;

        let is_due = !self.warned && self.last_warning.is_none_or(|at| at.elapsed() > WARNING_INTERVAL);
        if is_due {
            self.warned = true;
            self.last_warning = Some(Instant::now());
        }
        is_due
    }

    /// Ends the outage. Returns the number of spans that were lost in it, if there was a warning.
    pub(super) fn end(&mut self) -> Option<u64> {
        let lost = mem::take(&mut self.lost);
        mem::take(&mut self.warned).then_some(lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outage_has_one_warning_and_its_end_tells_what_was_lost() {
        let mut outage = Outage::default();
        assert_eq!(outage.end(), None, "nothing has failed yet");

        assert!(outage.record(3));
        assert!(!outage.record(4), "still the same outage");
        assert_eq!(outage.end(), Some(7));
        assert_eq!(outage.end(), None);

        assert!(!outage.record(1), "too soon after the first warning");
        assert_eq!(outage.end(), None, "there is no warning to take back");
    }
}
