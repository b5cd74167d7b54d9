//! THE composition root: which adapter stands behind which port.

use std::sync::{Arc, atomic::AtomicBool};

use adapters::{
    InMemoryTweetRepository, SeaOrmHealthCheck, SeaOrmTweetRepository, SystemClock, TokenFile,
    auth::token_file::TokenFileError,
    database,
    tweet::{Batched, Cached, Metered},
};
use domain::{Authenticator, Clock, HealthCheck, TweetRepository, TweetService};
use opentelemetry::metrics::Meter;
use poem::endpoint::BoxEndpoint;

use crate::{
    config::{Config, Database, StoreUrl},
    migrations::{Schema, SchemaCheck},
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
    pub async fn open(config: &Database) -> Result<Self, database::ConnectError> {
        match &config.place {
            StoreUrl::Memory => {
                let memory = Arc::new(InMemoryTweetRepository::default());
                Ok(Self {
                    repository: Arc::clone(&memory) as _,
                    check: memory,
                    schema: None,
                })
            }
            StoreUrl::Sql(url) => {
                let options = database::Options {
                    max_connections: config.max_connections,
                    acquire_timeout: config.acquire_timeout,
                    statement_timeout: config.statement_timeout,
                    log_statements: tracing::enabled!(target: "sqlx::query", tracing::Level::DEBUG),
                };
                let connections = database::connect(url, options).await?;
                Ok(Self {
                    repository: Arc::new(SeaOrmTweetRepository::new(connections.clone())),
                    check: Arc::new(SeaOrmHealthCheck::new(connections.clone())),
                    schema: Some(Schema::new(connections)),
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

/// Who may create tweets; `None` for everybody.
///
/// # Errors
/// When the list of writers cannot be used.
pub async fn authenticator(config: &Config) -> Result<Option<Arc<dyn Authenticator>>, TokenFileError> {
    let Some(path) = &config.tokens else {
        return Ok(None);
    };
    Ok(Some(TokenFile::open(path).await?))
}

/// The HTTP surface over a store, with metrics of its own. It is not ready any more once it is `draining`.
pub fn router(
    config: &Config,
    store: &Store,
    authenticator: Option<Arc<dyn Authenticator>>,
    draining: Arc<AtomicBool>,
) -> BoxEndpoint<'static> {
    let metrics = Metrics::new(telemetry::dropped_lines);
    let mut checks = vec![Arc::clone(&store.check)];
    if let Some(schema) = &store.schema {
        database::observe_pool(schema.connections(), &metrics.meter);
        // Otherwise nothing is served before the schema is up to date, and there is nothing to report.
        if !config.database.migrate_on_start {
            checks.push(Arc::new(SchemaCheck::new(schema.clone())));
        }
    }
    let repository = stack(&config.database, store, &metrics.meter);
    openapi::router(&openapi::Dependencies {
        tweets: Arc::new(TweetService::new(repository, clock())),
        checks,
        trust: openapi::Trust {
            hosts: config.http.allowed_hosts.clone(),
            proxies: config.http.trusted_proxies.clone(),
            origins: config.http.allowed_origins.clone(),
        },
        authenticator,
        rate_limit: config.http.rate_limit,
        clock: clock(),
        draining,
        request_timeout: config.http.request_timeout,
        max_concurrent_requests: config.http.max_concurrent_requests,
        meter: metrics.meter,
        scrape: metrics.renderer,
    })
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}
