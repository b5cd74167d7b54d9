//! The database schema: which migrations are applied, and how to apply or revert them.

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

/// How long a process waits for another one that migrates the same database. When many start at once, one of them
/// migrates and the others wait.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

/// The schema of a database.
#[derive(Debug, Clone)]
pub struct Schema(Database);

/// A migration and whether it is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// The name of the migration.
    pub name: String,
    /// Whether it is applied to the database.
    pub applied: bool,
}

/// The schema could not be migrated, or its state not be read. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[error("the database schema could not be read or migrated, nothing was changed: {0}")]
pub struct MigrationError(String);

impl MigrationError {
    fn new(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl Schema {
    /// The schema of this database.
    pub fn new(database: Database) -> Self {
        Self(database)
    }

    /// The database that has this schema.
    pub fn database(&self) -> &Database {
        &self.0
    }

    /// Applies all pending migrations in one transaction and returns their number. Waits for other processes that
    /// migrate the same database.
    ///
    /// # Errors
    /// [`MigrationError`] if a migration fails, or another process does not finish its own within a minute.
    pub async fn up(&self) -> Result<usize, MigrationError> {
        let applied = self.0.with_migration_lock(LOCK_TIMEOUT, async |transaction| {
            let pending = Migrator::get_pending_migrations(transaction).await?;
            Migrator::up(transaction, None).await?;

            Ok(pending.len())
        });

        applied.await.map_err(MigrationError::new)
    }

    /// Reverts the newest migration that is applied. Waits for other processes as [`up`](Self::up) does.
    ///
    /// # Errors
    /// As for [`up`](Self::up).
    pub async fn down(&self) -> Result<(), MigrationError> {
        let reverted = self.0.with_migration_lock(LOCK_TIMEOUT, async |transaction| {
            Migrator::down(transaction, Some(1)).await
        });

        reverted.await.map_err(MigrationError::new)
    }

    /// The state of every migration, oldest first. Changes nothing.
    ///
    /// # Errors
    /// [`MigrationError`] if the database cannot be queried.
    pub async fn states(&self) -> Result<Vec<MigrationState>, MigrationError> {
        let query = async |pool: Arc<database::PoolGeneration>| {
            Migrator::get_migration_with_status_read_only(pool.connection()).await
        };
        let migrations = self
            .0
            .run(|pool, _| query(pool))
            .await
            .map_err(MigrationError::new)?;
        let state = |migration: &Migration| MigrationState {
            name: migration.name().to_owned(),
            applied: migration.status() == MigrationStatus::Applied,
        };

        Ok(migrations.iter().map(state).collect())
    }

    /// The number of migrations that are not applied yet.
    ///
    /// # Errors
    /// As for [`states`](Self::states).
    pub async fn pending(&self) -> Result<usize, MigrationError> {
        let states = self.states().await?;
        Ok(states.iter().filter(|state| !state.applied).count())
    }
}

/// [`HealthCheck`] that fails while migrations are pending. Once none is, it no longer queries the database: while a
/// service runs, migrations are only added.
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
        let pending = self.schema.pending().await;
        match pending.map_err(|error| unhealthy(error.to_string()))? {
            0 => self.up_to_date.store(true, Ordering::Relaxed),
            pending => return Err(unhealthy(pending_migrations(pending))),
        }

        Ok(())
    }
}

/// The message for an operator when migrations are pending: how many, and what to do.
pub(crate) fn pending_migrations(pending: usize) -> String {
    format!("the schema is not up to date, {pending} pending; run: templatesite migrate")
}
