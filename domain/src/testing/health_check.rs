//! The fake [`HealthCheck`].

use async_trait::async_trait;

use crate::{CheckName, HealthCheck, Unhealthy};

/// A dependency called `db` that does not work, for this reason.
#[derive(Debug, Clone)]
pub struct FailingHealthCheck(pub String);

#[async_trait]
impl HealthCheck for FailingHealthCheck {
    fn name(&self) -> CheckName {
        CheckName::Db
    }

    async fn check(&self) -> Result<(), Unhealthy> {
        Err(Unhealthy {
            reason: self.0.clone(),
            source: None,
        })
    }
}
