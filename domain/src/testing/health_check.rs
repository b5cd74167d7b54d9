//! The fake [`HealthCheck`].

use async_trait::async_trait;

use crate::{HealthCheck, Unhealthy};

/// A dependency called `db` that does not work, for this reason.
#[derive(Debug, Clone)]
pub struct FailingHealthCheck(pub String);

#[async_trait]
impl HealthCheck for FailingHealthCheck {
    fn name(&self) -> &'static str {
        "db"
    }

    async fn check(&self) -> Result<(), Unhealthy> {
        Err(Unhealthy {
            reason: self.0.clone(),
            source: None,
        })
    }
}
