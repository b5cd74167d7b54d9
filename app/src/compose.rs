//! THE composition root: which adapter stands behind which port.
//!
//! A further resource needs a field of [`Store`], its adapter for memory and for SQL in [`Store::open`], a function like
//! [`tweet_stack`] and its service in [`router`].

use std::sync::{Arc, atomic::AtomicBool};

use adapters::{
    InMemoryHealthCheck, InMemoryTweetRepository, SeaOrmHealthCheck, SeaOrmTweetRepository, SystemClock,
    TokenFile,
    auth::token_file::TokenFileError,
    database,
    tweet::{Batched, Cached, Metered},
};
use domain::{Authenticator, Clock, HealthCheck, TweetRepository, TweetService};
use openapi::ConcurrencyLimit;
use opentelemetry::metrics::Meter;
use poem::endpoint::BoxEndpoint;

use crate::{
    config::{Config, DatabaseConfig, StoreUrl},
    migrations::{Schema, SchemaCheck},
    telemetry::{self, metrics_registry::MetricsRegistry},
};

/// An open store: a bare repository for each resource, and what they have in common.
pub struct Store {
    /// The tweets.
    pub tweet_repository: Arc<dyn TweetRepository>,
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
            max_connections: config.max_connections,
            acquire_timeout: config.acquire_timeout,
            statement_timeout: config.statement_timeout,
            log_statements: tracing::enabled!(target: "sqlx::query", tracing::Level::DEBUG),
        };
        let database = database::connect_to(address, options).await?;

        Ok(Self {
            tweet_repository: Arc::new(SeaOrmTweetRepository::new(database.clone())),
            check: Arc::new(SeaOrmHealthCheck::new(database.clone())),
            schema: Some(Schema::new(database)),
            in_process: false,
        })
    }

    /// An empty store in memory.
    pub fn in_memory() -> Self {
        Self {
            tweet_repository: Arc::new(InMemoryTweetRepository::default()),
            check: Arc::new(InMemoryHealthCheck),
            schema: None,
            in_process: true,
        }
    }

    /// The use cases of tweets over the bare repository, for a command with no concurrent callers.
    pub fn tweets(&self) -> TweetService {
        TweetService::new(Arc::clone(&self.tweet_repository), clock())
    }
}

/// The decorators of the tweet repository, innermost first.
pub fn tweet_stack(config: &DatabaseConfig, store: &Store, meter: &Meter) -> Arc<dyn TweetRepository> {
    // Next to the store, to time what the store does and not what the layers above save it.
    let metered = Metered::new(Arc::clone(&store.tweet_repository), meter);
    if store.in_process {
        return Arc::new(metered);
    }

    // Below the cache, to batch the calls that miss it, whichever request they belong to.
    let batched = Batched::new(metered, meter);
    if config.cache_bytes == 0 {
        return Arc::new(batched);
    }

    // Outermost, so that a hit waits in no queue and needs no statement.
    let cached = Cached::new(batched, config.cache_bytes, meter);
    Arc::new(cached)
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
    if let Some(tokens) = &authenticator {
        checks.push(Arc::clone(tokens) as Arc<dyn HealthCheck>);
    }
    if let Some(schema) = &store.schema {
        database::observe_pool(schema.database(), &metrics.meter);
        // With MIGRATE_ON_START, no request is served before the schema is up to date.
        if !config.database.migrate_on_start {
            checks.push(Arc::new(SchemaCheck::new(schema.clone())));
        }
    }

    let tweets = tweet_stack(&config.database, store, &metrics.meter);

    openapi::router(&openapi::Dependencies {
        tweets: Arc::new(TweetService::new(tweets, clock())),
        checks,
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

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}
