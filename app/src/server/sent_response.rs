//! How far a response has been sent, and how fast its client must read it.

use std::time::Duration;

use tokio::time::Instant;

/// How fast a client must read a response, in bytes a second, once it has taken as long as a connection may be idle.
const MIN_SEND_RATE: u64 = 8 * 1024;

/// How far the last response has been sent.
#[derive(Clone, Copy)]
pub(super) struct SentResponse {
    pub(super) began: Instant,
    /// In bytes, without those that the system took at once.
    pub(super) sent: u64,
}

impl SentResponse {
    pub(super) fn new(began: Instant) -> Self {
        Self { began, sent: 0 }
    }

    /// When it must have been sent, given what was sent so far.
    pub(super) fn deadline(&self, idle: Duration) -> Instant {
        self.began + idle + Duration::from_millis(self.sent.saturating_mul(1000) / MIN_SEND_RATE)
    }
}
