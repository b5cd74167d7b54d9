//! The database's schema: where it stands, and how it gets up to date.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use adapters::database::{self, Database};
use async_trait::async_trait;
use domain::{HealthCheck, Unhealthy};
use migration::{Migration, MigrationStatus, Migrator, MigratorTrait};

/// How long a process waits for another that changes the schema of the same database. Many start at once, and one of
/// them does the work.
const PATIENCE: Duration = Duration::from_secs(60);

/// The database's schema.
#[derive(Debug, Clone)]
pub struct Schema(Database);

/// A migration and whether it is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The migration's name.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

/// A migration did not go through, and nothing was changed.
#[derive(Debug, thiserror::Error)]
#[error("the database's schema could not be migrated: {0}")]
pub struct MigrationError(String);

impl MigrationError {
    fn new(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl Schema {
    /// The schema of the database behind these connections.
    pub fn new(connections: Database) -> Self {
        Self(connections)
    }

    /// The way to its database.
    pub fn connections(&self) -> &Database {
        &self.0
    }

    /// Applies what is pending, all or nothing, after whoever else is at it. Tells how many migrations that were.
    ///
    /// # Errors
    /// [`MigrationError`] when a migration fails, or another process does not come to an end.
    pub async fn up(&self) -> Result<usize, MigrationError> {
        let work = self.0.with_migration_lock(PATIENCE, async |transaction| {
            let pending = Migrator::get_pending_migrations(transaction).await?;
            Migrator::up(transaction, None).await?;
            Ok(pending.len())
        });
        work.await.map_err(MigrationError::new)
    }

    /// Takes back the newest migration, after whoever else changes the schema.
    ///
    /// # Errors
    /// As for [`up`](Self::up).
    pub async fn down(&self) -> Result<(), MigrationError> {
        let work = self.0.with_migration_lock(PATIENCE, async |transaction| {
            Migrator::down(transaction, Some(1)).await
        });
        work.await.map_err(MigrationError::new)
    }

    /// Every migration, oldest first. Changes nothing.
    ///
    /// # Errors
    /// [`MigrationError`] when the database cannot be asked.
    pub async fn steps(&self) -> Result<Vec<Step>, MigrationError> {
        let ask = async |pool: Arc<database::PoolGeneration>| {
            Migrator::get_migration_with_status_read_only(pool.database()).await
        };
        let steps = self
            .0
            .run(|pool, _| ask(pool))
            .await
            .map_err(MigrationError::new)?;
        let step = |step: &Migration| Step {
            name: step.name().to_owned(),
            applied: step.status() == MigrationStatus::Applied,
        };
        Ok(steps.iter().map(step).collect())
    }

    /// How many migrations are not applied yet.
    ///
    /// # Errors
    /// As for [`steps`](Self::steps).
    pub async fn pending(&self) -> Result<usize, MigrationError> {
        Ok(self.steps().await?.iter().filter(|step| !step.applied).count())
    }
}

/// [`HealthCheck`] that is well once nothing is pending. From then on it asks no more: while a service runs, a schema is
/// only added to.
#[derive(Debug)]
pub struct SchemaCheck {
    schema: Schema,
    up_to_date: AtomicBool,
}

impl SchemaCheck {
    /// A check of this schema.
    pub fn new(schema: Schema) -> Self {
        Self {
            schema,
            up_to_date: AtomicBool::new(false),
        }
    }
}

#[async_trait]
impl HealthCheck for SchemaCheck {
    fn name(&self) -> &'static str {
        "schema"
    }

    async fn check(&self) -> Result<(), Unhealthy> {
        if self.up_to_date.load(Ordering::Relaxed) {
            return Ok(());
        }
        let unhealthy = |reason| Unhealthy { reason, source: None };
        match self
            .schema
            .pending()
            .await
            .map_err(|error| unhealthy(error.to_string()))?
        {
            0 => self.up_to_date.store(true, Ordering::Relaxed),
            pending => return Err(unhealthy(not_up_to_date(pending))),
        }
        Ok(())
    }
}

/// What an operator reads when migrations are pending: how many, and what to do.
pub(crate) fn not_up_to_date(pending: usize) -> String {
    format!("the schema is not up to date, {pending} pending; run: templatesite migrate")
}
