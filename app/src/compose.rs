//! THE composition root: which adapter stands behind which port.
//!
//! What is particular to a resource is in [`resources`](crate::resources) and in the folder of the resource.

use std::sync::{Arc, atomic::AtomicBool};

use adapters::{
    InMemoryHealthCheck, SeaOrmHealthCheck, SystemClock, TokenFile,
    auth::token_file::TokenFileError,
    database::{self, Address, Replica, ReplicaHealthCheck, ReplicaOptions},
    otlp::Traces,
    traced::StoreTracer,
};
use domain::{Authenticator, Clock, HealthCheck};
use openapi::ConcurrencyLimit;
use opentelemetry::metrics::Meter;
use opentelemetry_sdk::propagation::TraceContextPropagator;
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
        let database = database::connect_to(address, connect_options(config)).await?;

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
            replica: None,
            meter,
            tracer: None,
        }
    }

    /// Starts to watch the replicas of this store, if it has any.
    pub fn start_replica(&self, config: &Config) -> Option<Replica> {
        let StoreUrl::Sql(Address::Postgres(address)) = &config.database.url else {
            return None;
        };
        let options = ReplicaOptions {
            servers: config.database.replicas.clone()?,
            address: address.clone(),
            connect: connect_options(&config.database),
            request_timeout: config.http.request_timeout,
            clock: clock(),
        };

        let primary = self.schema.as_ref()?.database().clone();
        Some(Replica::start(primary, options))
    }
}

fn connect_options(config: &DatabaseConfig) -> database::Options {
    database::Options {
        application_name: NAME,
        max_connections: config.max_connections,
        acquire_timeout: config.acquire_timeout,
        statement_timeout: config.statement_timeout,
        log_statements: tracing::enabled!(target: "sqlx::query", tracing::Level::DEBUG),
    }
}

/// What the decorators of a repository depend on.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The settings of the store.
    pub config: &'a DatabaseConfig,
    /// Whether the store is in the memory of this process, so that batches and a cache would save nothing.
    pub in_process: bool,
    /// What serves reads as far as it can, if the store has replicas.
    pub replica: Option<&'a Replica>,
    /// Decorators record through it.
    pub meter: &'a Meter,
    /// Makes spans of calls; `None` if nothing is traced.
    pub tracer: Option<&'a StoreTracer>,
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

/// What sends spans to the collector; `None` if nothing is traced. The spans that it sent and lost are counted in these
/// metrics.
pub fn traces(config: &Config, metrics: &MetricsRegistry) -> Option<Traces> {
    let traces = Traces::start(NAME, config.traces.clone()?);
    traces.observe(&metrics.meter);
    Some(traces)
}

/// The HTTP service over a store, with its own metrics and without traces. While `draining` is set, it reports that
/// it is not ready.
pub fn router(
    config: &Config,
    store: &Store,
    authenticator: Option<Arc<TokenFile>>,
    draining: Arc<AtomicBool>,
) -> BoxEndpoint<'static> {
    let metrics = MetricsRegistry::new(telemetry::dropped_lines);
    router_with_telemetry(config, store, authenticator, draining, metrics, None)
}

/// As [`router`], with metrics that others record in as well, and with traces if there are any.
pub fn router_with_telemetry(
    config: &Config,
    store: &Store,
    authenticator: Option<Arc<TokenFile>>,
    draining: Arc<AtomicBool>,
    metrics: MetricsRegistry,
    traces: Option<&Traces>,
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

    let replica = store.start_replica(config);
    if let Some(replica) = &replica {
        database::observe_replica(replica.reads(), &metrics.meter);
        checks.push(Arc::new(ReplicaHealthCheck::new(replica.reads().clone())));
    }
    let store_tracer = traces.map(|traces| StoreTracer {
        tracer: traces.tracer(),
        system: system_name(&config.database.url),
    });

    let context = Context {
        replica: replica.as_ref(),
        tracer: store_tracer.as_ref(),
        ..store.context(&config.database, &metrics.meter)
    };
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
        traces: traces.map(|traces| openapi::Traces {
            tracer: traces.tracer(),
            propagator: Arc::new(TraceContextPropagator::new()),
        }),
    })
}

/// What the store is in traces: `db.system.name` of the OpenTelemetry semantic conventions.
fn system_name(url: &StoreUrl) -> &'static str {
    match url {
        StoreUrl::Memory => "memory",
        StoreUrl::Sql(Address::Postgres(_)) => "postgresql",
        StoreUrl::Sql(Address::Sqlite(_)) => "sqlite",
    }
}

/// The clock of the whole service.
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}
