//! The health of the database.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{CheckName, HealthCheck, Unhealthy};

use super::{error::CallError, resilient_pool::Database};

/// How long the database may take to respond to a ping. Shorter than the caller's timeout for a health check, so that
/// an unresponsive pool is replaced even when no other call is made.
const PING_TIMEOUT: Duration = Duration::from_millis(1500);

/// [`HealthCheck`] that pings the database, and fails while its disk is full.
#[derive(Debug, Clone)]
pub struct SeaOrmHealthCheck {
    database: Database,
}

impl SeaOrmHealthCheck {
    /// A check of this database.
    pub fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl HealthCheck for SeaOrmHealthCheck {
    fn name(&self) -> CheckName {
        CheckName::Db
    }

    async fn check(&self) -> Result<(), Unhealthy> {
        let pinged = self.database.ping(PING_TIMEOUT).await;
        pinged.map_err(|error| Unhealthy {
            reason: match error {
                CallError::FileDamaged(_) => error.to_string(),
                _ => "the database does not respond".to_owned(),
            },
            source: Some(Arc::new(error)),
        })?;

        if self.database.pool().disk_space.is_full() {
            return Err(Unhealthy {
                reason: "writes fail because the disk of the database is full or failing; make room on it"
                    .to_owned(),
                source: None,
            });
        }
        Ok(())
    }
}
