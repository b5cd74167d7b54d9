//! The health of the replica.

use std::time::Instant;

use async_trait::async_trait;
use domain::{CheckName, HealthCheck, Unhealthy};

use super::reads::ReplicaReads;

/// [`HealthCheck`] that fails while the primary serves reads which the replica should. The service works without it.
#[derive(Debug, Clone)]
pub struct ReplicaHealthCheck {
    reads: ReplicaReads,
}

impl ReplicaHealthCheck {
    /// A check of this replica.
    pub fn new(reads: ReplicaReads) -> Self {
        Self { reads }
    }
}

#[async_trait]
impl HealthCheck for ReplicaHealthCheck {
    fn name(&self) -> CheckName {
        CheckName::Replica
    }

    fn is_required(&self) -> bool {
        false
    }

    /// What the last check found out, a few seconds ago at most: no caller waits for a replica.
    async fn check(&self) -> Result<(), Unhealthy> {
        match self.reads.state.complaint(Instant::now()) {
            None => Ok(()),
            Some(reason) => Err(Unhealthy {
                reason: format!("reads use the primary: {reason}"),
                source: None,
            }),
        }
    }
}
