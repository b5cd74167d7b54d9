//! The service in the process of the test: the router that `serve` composes, without sockets.
//!
//! Most tests use it, because it starts within a millisecond and because its store can be one that fails or blocks.

use std::{ffi::OsString, ops::Deref, sync::Arc};

use adapters::{TokenFile, otlp::Traces, testing::FreshDatabase};
use app::{
    compose::{self, Store},
    config::Config,
    telemetry::{self, metrics_registry::MetricsRegistry},
};
use poem::{endpoint::BoxEndpoint, test::TestClient};
use serde_json::Value;

use super::example;

/// A service with a store of its own. It dereferences to a client whose requests name the host `localhost` unless they
/// name another.
pub(crate) struct InProcess {
    client: TestClient<BoxEndpoint<'static>>,
    _database: Option<FreshDatabase>,
    _traces: Option<Traces>,
}

impl Deref for InProcess {
    type Target = TestClient<BoxEndpoint<'static>>;

    fn deref(&self) -> &Self::Target {
        &self.client
    }
}

impl InProcess {
    /// On an in-memory store.
    pub(crate) async fn memory() -> Self {
        Self::with(&[]).await
    }

    /// On an in-memory store, with these variables besides.
    pub(crate) async fn with(variables: &[(&str, &str)]) -> Self {
        Self::open(&[&[("DATABASE_URL", "memory:")], variables].concat()).await
    }

    /// On an empty SQLite database.
    pub(crate) async fn sqlite() -> Self {
        Self::on(FreshDatabase::sqlite()).await
    }

    /// On an empty PostgreSQL database.
    pub(crate) async fn postgres() -> Self {
        Self::on(FreshDatabase::postgres().await).await
    }

    /// On this database, which gets its schema first.
    pub(crate) async fn on(database: FreshDatabase) -> Self {
        Self::on_with(database, &[]).await
    }

    /// On this database, which gets its schema first, with these variables besides.
    pub(crate) async fn on_with(database: FreshDatabase, variables: &[(&str, &str)]) -> Self {
        let service = Self::open(&[&[("DATABASE_URL", database.url())], variables].concat()).await;

        Self {
            _database: Some(database),
            ..service
        }
    }

    /// Over this store, with these variables.
    pub(crate) fn over(store: &Store, variables: &[(&str, &str)]) -> Self {
        Self::compose(&config(variables), store, None)
    }

    /// On an in-memory store, with these tokens.
    pub(crate) fn with_tokens(tokens: Arc<TokenFile>) -> Self {
        Self::compose(&config(&[]), &Store::in_memory(), Some(tokens))
    }

    async fn open(variables: &[(&str, &str)]) -> Self {
        let config = config(variables);
        let store = Store::open(&config.database).await.expect("a store");
        if let Some(schema) = &store.schema {
            schema.up().await.expect("the schema");
        }

        let authenticator = compose::authenticator(&config).await.expect("a token file");
        Self::compose(&config, &store, authenticator)
    }

    fn compose(config: &Config, store: &Store, authenticator: Option<Arc<TokenFile>>) -> Self {
        let metrics = MetricsRegistry::new(telemetry::dropped_lines);
        let traces = compose::traces(config, &metrics);
        let router = compose::router_with_telemetry(
            config,
            store,
            authenticator,
            Arc::default(),
            metrics,
            traces.as_ref(),
        );

        Self {
            client: TestClient::new(router).default_header("host", "localhost"),
            _database: None,
            _traces: traces,
        }
    }

    /// Creates an item of the example resource, and returns it as the response shows it.
    pub(crate) async fn create(&self, text: &str) -> Value {
        example::create(self, text).await
    }
}

/// The configuration that these variables make.
pub(crate) fn config(variables: &[(&str, &str)]) -> Config {
    let variables = variables
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));

    Config::load(None, variables).expect("a valid configuration").0
}
