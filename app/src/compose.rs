//! THE composition root: which adapter stands behind which port.
//!
//! What is particular to a resource is in [`resources`](crate::resources) and in the folder of the resource.

use std::sync::{Arc, atomic::AtomicBool};

use adapters::{
    InMemoryHealthCheck, SeaOrmHealthCheck, SystemClock, TokenFile, auth::token_file::TokenFileError,
    database,
};
use domain::{Authenticator, Clock, HealthCheck};
use openapi::ConcurrencyLimit;
use opentelemetry::metrics::Meter;
use poem::endpoint::BoxEndpoint;

use crate::{
    config::{Config, DatabaseConfig, StoreUrl},
    migrations::{Schema, SchemaCheck},
    resources::Repositories,
    telemetry::{self, metrics_registry::MetricsRegistry},
    version::NAME,
};

/// An open store: a bare repository for each resource, and what they have in common.
pub struct Store {
    /// The repositories.
    pub repositories: Repositories,
    /// The health check of the store itself, below all decorators.
    pub check: Arc<dyn HealthCheck>,
    /// The schema, if the store has one.
    pub schema: Option<Schema>,
    /// Whether the store is in the memory of this process, so that batches and a cache would save nothing.
    pub in_process: bool,
}

impl Store {
    /// Opens the configured store. Does not change its schema.
    ///
    /// # Errors
    /// If the database cannot be reached or opened.
    pub async fn open(config: &DatabaseConfig) -> Result<Self, database::ConnectError> {
        let address = match &config.url {
            StoreUrl::Memory => return Ok(Self::in_memory()),
            StoreUrl::Sql(address) => address,
        };
        let options = database::Options {
            application_name: NAME,
            max_connections: config.max_connections,
            acquire_timeout: config.acquire_timeout,
            statement_timeout: config.statement_timeout,
            log_statements: tracing::enabled!(target: "sqlx::query", tracing::Level::DEBUG),
        };
        let database = database::connect_to(address, options).await?;

        Ok(Self {
            repositories: Repositories::sql(&database),
            check: Arc::new(SeaOrmHealthCheck::new(database.clone())),
            schema: Some(Schema::new(database)),
            in_process: false,
        })
    }

    /// An empty store in memory.
    pub fn in_memory() -> Self {
        Self {
            repositories: Repositories::in_memory(),
            check: Arc::new(InMemoryHealthCheck),
            schema: None,
            in_process: true,
        }
    }

    /// What the decorators over this store depend on.
    pub fn context<'a>(&self, config: &'a DatabaseConfig, meter: &'a Meter) -> Context<'a> {
        Context {
            config,
            in_process: self.in_process,
            meter,
        }
    }
}

/// What the decorators of a repository depend on.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The settings of the store.
    pub config: &'a DatabaseConfig,
    /// Whether the store is in the memory of this process, so that batches and a cache would save nothing.
    pub in_process: bool,
    /// Decorators record through it.
    pub meter: &'a Meter,
}

/// Who may write; `None` if everybody may.
///
/// # Errors
/// If the file of tokens cannot be used.
pub async fn authenticator(config: &Config) -> Result<Option<Arc<TokenFile>>, TokenFileError> {
    match &config.http.tokens_file {
        Some(path) => Ok(Some(TokenFile::open(path).await?)),
        None => Ok(None),
    }
}

/// The HTTP service over a store, with its own metrics. While `draining` is set, it reports that it is not ready.
pub fn router(
    config: &Config,
    store: &Store,
    authenticator: Option<Arc<TokenFile>>,
    draining: Arc<AtomicBool>,
) -> BoxEndpoint<'static> {
    let metrics = MetricsRegistry::new(telemetry::dropped_lines);
    router_with_metrics(config, store, authenticator, draining, metrics)
}

/// As [`router`], with metrics that others record in as well.
pub fn router_with_metrics(
    config: &Config,
    store: &Store,
    authenticator: Option<Arc<TokenFile>>,
    draining: Arc<AtomicBool>,
    metrics: MetricsRegistry,
) -> BoxEndpoint<'static> {
    let mut checks = vec![Arc::clone(&store.check)];
    let mut readiness = Vec::new();
    if let Some(tokens) = &authenticator {
        checks.push(Arc::clone(tokens) as Arc<dyn HealthCheck>);
    }
    if let Some(schema) = &store.schema {
        database::observe_pool(schema.database(), &metrics.meter);
        // With MIGRATE_ON_START, no request is served before the schema is up to date.
        if !config.database.migrate_on_start {
            let check: Arc<dyn HealthCheck> = Arc::new(SchemaCheck::new(schema.clone()));
            checks.push(Arc::clone(&check));
            readiness.push(check);
        }
    }

    let context = store.context(&config.database, &metrics.meter);
    let services = store.repositories.services(&context);

    openapi::router(&openapi::Dependencies {
        name: NAME,
        services,
        checks,
        readiness,
        draining,
        authenticator: authenticator.map(|tokens| tokens as Arc<dyn Authenticator>),
        clock: clock(),
        public_url: config.http.public_url.clone(),
        allowed_hosts: config.http.allowed_hosts.clone(),
        trusted_proxies: config.http.trusted_proxies.clone(),
        allowed_origins: config.http.allowed_origins.clone(),
        allowed_headers: config.http.allowed_headers.clone(),
        rate_limit: config.http.rate_limit,
        request_timeout: config.http.request_timeout,
        concurrency_limit: Arc::new(ConcurrencyLimit::new(config.http.max_concurrent_requests)),
        meter: metrics.meter,
        metrics: metrics.renderer,
    })
}

/// The clock of the whole service.
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}
