//! The health of a store in memory.

use async_trait::async_trait;
use domain::{CheckName, HealthCheck, Unhealthy};

/// [`HealthCheck`] that always succeeds. The health report has its `db` all the same, so that it has one shape whatever
/// the store.
#[derive(Debug, Clone, Copy, Default)]
pub struct InMemoryHealthCheck;

#[async_trait]
impl HealthCheck for InMemoryHealthCheck {
    fn name(&self) -> CheckName {
        CheckName::Db
    }

    async fn check(&self) -> Result<(), Unhealthy> {
        Ok(())
    }
}
