//! Whether the replica is used, and up to where it is complete.

use std::{
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, Instant},
};

use super::horizon::Horizon;

/// The longest time for which reads leave out a replica that responds to checks and fails reads.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// What the monitor finds out and reads use.
#[derive(Debug, Default)]
pub(super) struct State(RwLock<Current>);

#[derive(Debug)]
struct Current {
    /// Rises when the replica is given up: a read that began before may have reached another server.
    session: u64,
    /// Why reads use the primary; `None` if the replica serves them.
    unused: Option<String>,
    horizon: Option<Horizon>,
    /// Reads that failed since the last one that succeeded.
    failures: u32,
    /// After a failed read: when the replica may be used again.
    retry_at: Option<Instant>,
}

impl Default for Current {
    fn default() -> Self {
        Self {
            session: 0,
            unused: Some("no standby was found yet".to_owned()),
            horizon: None,
            failures: 0,
            retry_at: None,
        }
    }
}

impl Current {
    fn recent_horizon(&self, now: Instant) -> Option<&Horizon> {
        self.horizon.as_ref().filter(|horizon| horizon.is_recent(now))
    }
}

impl State {
    /// The session, and the number below which all ids are on the replica; `None` if the replica is not used.
    pub(super) fn view(&self, now: Instant) -> Option<(u64, u128)> {
        let current = self.read();
        if current.unused.is_some() {
            return None;
        }

        let horizon = current.recent_horizon(now);
        let complete_below = horizon.map_or(0, |horizon| horizon.complete_below);
        Some((current.session, complete_below))
    }

    /// Whether a read that succeeded was made on the server of this session.
    pub(super) fn confirm(&self, session: u64) -> bool {
        let current = self.read();
        let (is_same, failed_before) = (current.session == session, current.failures > 0);
        drop(current);

        if is_same && failed_before {
            self.write().failures = 0;
        }
        is_same
    }

    /// A read failed: the replica is left out until it responds to a check again, for longer each time.
    pub(super) fn record_failure(&self, session: u64, reason: String, now: Instant) {
        let mut current = self.write();
        if current.session != session || current.unused.is_some() {
            return;
        }

        let backoff = Duration::from_secs(1 << current.failures.min(10)).min(MAX_BACKOFF);
        current.failures += 1;
        current.retry_at = Some(now + backoff);
        tracing::warn!(reason, "a read from the replica failed; reads use the primary");
        current.unused = Some(reason);
    }

    /// The replica is given up, and with it its horizon.
    pub(super) fn withdraw(&self, reason: String) {
        let mut current = self.write();
        // Once for each time that it was used, and once at the start.
        if current.unused.is_none() || current.session == 0 {
            tracing::warn!(reason, "no replica is used; reads use the primary");
        }

        current.session += 1;
        current.horizon = None;
        current.unused = Some(reason);
    }

    /// The replica at this address responded, and is complete up to this horizon.
    pub(super) fn offer(&self, address: &str, horizon: Option<Horizon>, now: Instant) {
        let mut current = self.write();

        current.horizon = horizon;
        let may_be_used = current.retry_at.is_none_or(|at| at <= now);
        if current.unused.is_some() && may_be_used {
            current.unused = None;
            tracing::info!(replica = address, "reads use the replica");
        }
    }

    /// Why reads use the primary, all or some of them.
    pub(super) fn complaint(&self, now: Instant) -> Option<String> {
        let current = self.read();
        if current.unused.is_some() {
            return current.unused.clone();
        }

        let is_behind = current.recent_horizon(now).is_none();
        is_behind.then(|| "it is behind the primary, or the primary does not respond".to_owned())
    }

    /// Whether the replica serves reads.
    pub(super) fn is_used(&self) -> bool {
        self.read().unused.is_none()
    }

    /// How long ago the primary was where the replica is known to be.
    pub(super) fn horizon_age(&self) -> Option<Duration> {
        self.read().horizon.map(|horizon| horizon.taken.elapsed())
    }

    /// Nothing that runs under the lock can leave the state half changed, so a poisoned lock is safe to use.
    fn read(&self) -> RwLockReadGuard<'_, Current> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Current> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(now: Instant) -> State {
        let state = State::default();
        state.offer("a", None, now);
        state
    }

    fn session(state: &State, now: Instant) -> u64 {
        state.view(now).expect("the replica is used").0
    }

    #[test]
    fn replica_that_fails_reads_is_left_out_for_longer_each_time() {
        let mut now = Instant::now();
        let state = used(now);

        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            state.record_failure(session(&state, now), "too slow".to_owned(), now);
            let retry_at = now + Duration::from_secs(seconds);
            state.offer("a", None, retry_at - Duration::from_millis(1));
            assert!(!state.is_used(), "before {seconds} s");

            state.offer("a", None, retry_at);
            assert!(state.is_used(), "after {seconds} s");
            now = retry_at;
        }

        assert!(state.confirm(session(&state, now)));
        state.record_failure(session(&state, now), "too slow".to_owned(), now);
        state.offer("a", None, now + Duration::from_secs(1));
        assert!(state.is_used(), "a success ends the series");
    }

    #[test]
    fn result_of_a_read_that_began_in_an_earlier_session_is_not_confirmed() {
        let now = Instant::now();
        let state = used(now);
        let earlier = session(&state, now);

        state.withdraw("restarted".to_owned());
        state.offer("a", None, now);

        assert!(!state.confirm(earlier));
        state.record_failure(earlier, "late".to_owned(), now);
        assert!(state.is_used(), "the failure is that of the earlier session");
    }

    #[test]
    fn horizon_is_not_used_once_it_is_old() {
        let (taken, state) = (Instant::now(), State::default());
        let horizon = Horizon {
            complete_below: 7,
            taken,
        };
        state.offer("a", Some(horizon), taken);

        let last = taken + Duration::from_secs(3);
        assert_eq!(state.view(last).expect("used").1, 7);
        assert_eq!(state.complaint(last), None);

        let later = last + Duration::from_millis(1);
        assert_eq!(state.view(later).expect("used").1, 0);
        assert!(state.complaint(later).is_some(), "it is behind");
    }
}
