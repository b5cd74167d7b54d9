//! The operating system's clock.

use std::time::SystemTime;

use domain::{Clock, DateTime, Utc};

/// [`Clock`] of the operating system, in UTC. It steps back when the system's clock is set back.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the system's clock"
    )]
    fn now(&self) -> DateTime<Utc> {
        SystemTime::now().into()
    }
}
