//! THE composition root: which adapter stands behind which port.

use std::{fmt, sync::Arc};

use adapters::{
    InMemoryTweetRepository, SeaOrmHealthCheck, SeaOrmTweetRepository, SystemClock,
    decorators::{Batched, Cached, Metered},
    seaorm,
};
use domain::{Clock, HealthCheck, TweetRepository, TweetService};
use migration::{Migrator, MigratorTrait};
use opentelemetry::metrics::Meter;
use poem::endpoint::BoxEndpoint;

use crate::{
    config::{Config, Database, Place},
    telemetry::{self, metrics::Metrics},
};

/// The tweet store, opened.
pub struct Store {
    /// Where tweets are kept.
    pub repository: Arc<dyn TweetRepository>,
    /// What the health report asks: the store itself, below anything that may be wrapped around it.
    pub check: Arc<dyn HealthCheck>,
    /// The schema, where the store has one.
    pub schema: Option<Schema>,
}

impl Store {
    /// Opens the store that the configuration names. Its schema is left as it is.
    ///
    /// # Errors
    /// When the database cannot be reached or opened.
    pub async fn open(config: &Database) -> Result<Self, seaorm::ConnectError> {
        match &config.place {
            Place::Memory => {
                let memory = Arc::new(InMemoryTweetRepository::default());
                Ok(Self { repository: Arc::clone(&memory) as _, check: memory, schema: None })
            }
            Place::Sql(url) => {
                let options = seaorm::Options {
                    max_connections: config.max_connections,
                    acquire_timeout: config.acquire_timeout,
                    log_statements: tracing::enabled!(target: "sqlx::query", tracing::Level::DEBUG),
                };
                let pool = seaorm::connect(url, options).await?;
                Ok(Self {
                    repository: Arc::new(SeaOrmTweetRepository::new(pool.clone())),
                    check: Arc::new(SeaOrmHealthCheck::new(pool.clone())),
                    schema: Some(Schema(pool)),
                })
            }
        }
    }

    /// The use cases over the bare store, for one caller who has nobody to share with.
    pub fn tweets(&self) -> TweetService {
        TweetService::new(Arc::clone(&self.repository), clock())
    }
}

/// What is wrapped around a store, innermost first.
pub fn stack(config: &Database, store: &Store, meter: &Meter) -> Arc<dyn TweetRepository> {
    // Next to the store, so that it times what the store does and not what a layer above saves it.
    let metered = Metered::new(Arc::clone(&store.repository), meter);
    if store.schema.is_none() {
        // Memory is no slower than what would be put around it.
        return Arc::new(metered);
    }
    // Below the cache: all that misses it is gathered, whoever asks.
    let batched = Batched::new(metered);
    if config.cache_bytes == 0 {
        return Arc::new(batched);
    }
    // Outermost: what memory knows takes no turn and no statement.
    Arc::new(Cached::new(batched, config.cache_bytes))
}

/// The HTTP surface over a store, with metrics of its own: what `serve` serves and what tests speak to.
pub fn site(config: &Config, store: &Store) -> BoxEndpoint<'static> {
    let metrics = Metrics::new(telemetry::dropped_lines);
    if let Some(Schema(pool)) = &store.schema {
        seaorm::observe_pool(pool, &metrics.meter);
    }
    let repository = stack(&config.database, store, &metrics.meter);
    openapi::site(&openapi::Context {
        tweets: Arc::new(TweetService::new(repository, clock())),
        checks: vec![Arc::clone(&store.check)],
        trust: config.trust.clone(),
        clock: clock(),
        request_timeout: config.request_timeout,
        meter: metrics.meter,
        scrape: metrics.scrape,
    })
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// The database's schema.
pub struct Schema(seaorm::DatabaseConnection);

/// A migration and whether it is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The migration's name.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

/// A migration did not go through; what came before it stays applied.
#[derive(Debug, thiserror::Error)]
#[error("the database's schema could not be migrated: {0}")]
pub struct MigrationError(String);

impl MigrationError {
    fn new(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl Schema {
    /// Applies what is pending.
    ///
    /// # Errors
    /// [`MigrationError`] from the first migration that fails.
    pub async fn up(&self) -> Result<(), MigrationError> {
        Migrator::up(&self.0, None).await.map_err(MigrationError::new)
    }

    /// Takes back the newest migration.
    ///
    /// # Errors
    /// [`MigrationError`] when it fails.
    pub async fn down(&self) -> Result<(), MigrationError> {
        Migrator::down(&self.0, Some(1)).await.map_err(MigrationError::new)
    }

    /// Every migration, oldest first. Changes nothing.
    ///
    /// # Errors
    /// [`MigrationError`] when the database cannot be asked.
    pub async fn steps(&self) -> Result<Vec<Step>, MigrationError> {
        let steps =
            Migrator::get_migration_with_status_read_only(&self.0).await.map_err(MigrationError::new)?;
        let step = |step: &migration::Migration| Step {
            name: step.name().to_owned(),
            applied: step.status() == migration::MigrationStatus::Applied,
        };
        Ok(steps.iter().map(step).collect())
    }
}
