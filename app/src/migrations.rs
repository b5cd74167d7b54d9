//! The database schema: which migrations are applied, and how to apply or revert them.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use adapters::database::{self, Database, MigrationLockError};
use async_trait::async_trait;
use domain::{CheckName, HealthCheck, Unhealthy};
use migration::{AppliedMigrations, MigratorTraitSelf, TransactionTrait, known};

/// How long a process waits for another one that migrates the same database. When many start at once, one of them
/// migrates and the others wait.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

/// The schema of a database.
#[derive(Debug, Clone)]
pub struct Schema(Database);

/// A migration, and how it stands in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// The name of the migration.
    pub name: String,
    /// Whether it is applied.
    pub status: MigrationStatus,
}

/// How a migration stands in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationStatus {
    /// This program has it, and it is applied.
    Applied,
    /// This program has it, and it is not applied.
    Pending,
    /// It is applied, and this program does not have it: a newer version applied it before a rollback.
    Unknown,
}

impl fmt::Display for MigrationStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Applied => "applied",
            Self::Pending => "pending",
            Self::Unknown => "unknown",
        })
    }
}

/// What [`Schema::up`] did and found.
#[derive(Debug)]
pub struct Migrated {
    /// How many migrations it applied.
    pub applied: usize,
    /// The names of those that are applied and that this program does not have, oldest first.
    pub unknown: Vec<String>,
}

/// The schema could not be migrated, or its state not be read. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The state of the schema could not be read, or the lock for changing it not be had.
    #[error("the database schema could not be read or migrated, nothing was changed: {0}")]
    Database(String),
    /// A migration failed.
    #[error("the migration {name} failed, nothing was changed: {reason}")]
    Failed {
        /// The name of the migration.
        name: String,
        /// What the database reported.
        reason: String,
    },
    /// The database role lacks a right that a migration needs.
    #[error(
        "the database role may not apply the migration {name}, nothing was changed: {reason}. Run `migrate \
         up` as the role that owns the schema, and start the service with MIGRATE_ON_START=false"
    )]
    Forbidden {
        /// The name of the migration.
        name: String,
        /// What the database reported: it names the object and the right.
        reason: String,
    },
    /// To revert the newest migration, one would need its code.
    #[error(
        "nothing was reverted: the database has migrations that this version does not know, and the newest one must be \
         reverted first. Use the version that has them: {0}"
    )]
    Unknown(String),
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

    /// Applies all pending migrations in one transaction, and waits for other processes that migrate the same database.
    /// If nothing is pending, it only reads, so a role without the right to change the schema will do.
    ///
    /// # Errors
    /// [`MigrationError`] if a migration fails, if another process does not finish its own within a minute, or if another
    /// transaction uses a table for so long.
    pub async fn up(&self) -> Result<Migrated, MigrationError> {
        let before = self.applied().await?;
        if before.pending().is_empty() {
            return Ok(Migrated {
                applied: 0,
                unknown: before.foreign(),
            });
        }

        let mut current = None;
        let applied = self.0.with_migration_lock(LOCK_TIMEOUT, async |transaction| {
            let before = AppliedMigrations::read(transaction).await?;
            let pending = before.pending();
            for name in &pending {
                current = Some(name.clone());
                let applied = AppliedMigrations::read(transaction).await?;
                applied.up(transaction, Some(1)).await?;
            }

            Ok(Migrated {
                applied: pending.len(),
                unknown: before.foreign(),
            })
        });

        applied.await.map_err(|error| migration_error(current, error))
    }

    /// Reverts the newest migration that is applied. Waits for other processes as [`up`](Self::up) does.
    ///
    /// # Errors
    /// As for [`up`](Self::up), and [`MigrationError::Unknown`] if this program does not have the newest migration.
    pub async fn down(&self) -> Result<(), MigrationError> {
        let mut foreign = Vec::new();
        let mut current = None;
        let reverted = self.0.with_migration_lock(LOCK_TIMEOUT, async |transaction| {
            let applied = AppliedMigrations::read(transaction).await?;
            foreign = applied.foreign();
            if !foreign.is_empty() {
                return Ok(());
            }

            current = known().into_iter().rfind(|name| applied.is_applied(name));
            applied.down(transaction, Some(1)).await
        });

        reverted.await.map_err(|error| migration_error(current, error))?;
        if foreign.is_empty() {
            return Ok(());
        }
        Err(MigrationError::Unknown(foreign.join(", ")))
    }

    /// What is applied. Changes nothing.
    ///
    /// # Errors
    /// [`MigrationError`] if the database cannot be queried.
    pub async fn applied(&self) -> Result<AppliedMigrations, MigrationError> {
        // Two statements. In a transaction they share a connection; otherwise the second may come before the connection
        // of the first is back, and the pool opens another. It is ended here: if it were dropped, a command that exits
        // next would leave it open, which PostgreSQL logs.
        let read = async |pool: Arc<database::PoolGeneration>| {
            let transaction = pool.connection().begin().await?;
            let applied = AppliedMigrations::read(&transaction).await?;
            transaction.rollback().await?;
            Ok(applied)
        };

        let applied = self.0.run(|pool, _| read(pool)).await;
        applied.map_err(|error| MigrationError::Database(error.to_string()))
    }

    /// The state of every migration, oldest first; those that this program does not know come last. Changes nothing.
    ///
    /// # Errors
    /// As for [`applied`](Self::applied).
    pub async fn states(&self) -> Result<Vec<MigrationState>, MigrationError> {
        let applied = self.applied().await?;

        let known = known().into_iter().map(|name| MigrationState {
            status: if applied.is_applied(&name) {
                MigrationStatus::Applied
            } else {
                MigrationStatus::Pending
            },
            name,
        });
        let unknown = applied.foreign().into_iter().map(|name| MigrationState {
            status: MigrationStatus::Unknown,
            name,
        });
        Ok(known.chain(unknown).collect())
    }
}

fn migration_error(current: Option<String>, error: MigrationLockError) -> MigrationError {
    let reason = error.to_string();
    match current {
        Some(name) if error.is_permission_denied() => MigrationError::Forbidden { name, reason },
        Some(name) => MigrationError::Failed { name, reason },
        None => MigrationError::Database(reason),
    }
}

/// [`HealthCheck`] that fails while migrations are pending. Once none is, it no longer queries the database: while a
/// service runs, migrations are only added. So a service that was ready stays so without its database.
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
    fn name(&self) -> CheckName {
        CheckName::Schema
    }

    async fn check(&self) -> Result<(), Unhealthy> {
        if self.up_to_date.load(Ordering::Relaxed) {
            return Ok(());
        }

        let unhealthy = |reason| Unhealthy { reason, source: None };
        let applied = self.schema.applied().await;
        let applied = applied.map_err(|error| unhealthy(error.to_string()))?;
        match applied.pending().len() {
            0 => self.up_to_date.store(true, Ordering::Relaxed),
            pending => return Err(unhealthy(pending_migrations(pending))),
        }

        Ok(())
    }
}

/// The message for an operator when migrations are pending: how many, and what to do.
pub(crate) fn pending_migrations(pending: usize) -> String {
    format!("the schema is not up to date, {pending} pending; run `migrate up`")
}
