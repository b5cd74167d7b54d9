//! The repository contract, through all decorators that `serve` puts around a store.

use std::sync::Arc;

use adapters::testing::FreshDatabase;
use app::{compose::Store, tweet};
use domain::tweet::TweetRepository;
use opentelemetry::metrics::{MeterProvider, noop::NoopMeterProvider};

use crate::support::config;

/// An empty store, composed as `serve` composes it.
struct Stack {
    repository: Arc<dyn TweetRepository>,
    _database: FreshDatabase,
}

impl Stack {
    async fn on(database: FreshDatabase, cache_bytes: &str) -> Self {
        let config = config(&[("DATABASE_URL", database.url()), ("CACHE_BYTES", cache_bytes)]);
        let store = Store::open(&config.database).await.expect("a store");
        let schema = store.schema.as_ref().expect("a schema");
        schema.up().await.expect("the migrations");
        let meter = NoopMeterProvider::new().meter("contract");

        Self {
            repository: tweet::stack(
                &store.repositories.tweets,
                &store.context(&config.database, &meter),
            ),
            _database: database,
        }
    }

    fn repository(&self) -> Arc<dyn TweetRepository> {
        Arc::clone(&self.repository)
    }
}

mod postgres {
    use super::{FreshDatabase, Stack};
    domain::tweet_repository_contract!(async { Stack::on(FreshDatabase::postgres().await, "1000000").await });
}

mod postgres_without_a_cache {
    use super::{FreshDatabase, Stack};
    domain::tweet_repository_contract!(async { Stack::on(FreshDatabase::postgres().await, "0").await });
}

mod sqlite {
    use super::{FreshDatabase, Stack};
    domain::tweet_repository_contract!(Stack::on(FreshDatabase::sqlite(), "1000000"));
}
