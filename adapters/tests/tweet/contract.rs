//! The contract, over every adapter and every decorator.

use std::sync::Arc;

use adapters::{
    InMemoryTweetRepository, SeaOrmTweetRepository, database,
    testing::FreshDatabase,
    tweet::{Batched, Cached, Metered},
};
use domain::TweetRepository;
use migration::{Migrator, MigratorTrait};
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;

/// An empty store for one test.
struct Fresh {
    repository: Arc<dyn TweetRepository>,
    _database: Option<FreshDatabase>,
}

impl Fresh {
    async fn memory() -> Self {
        Self::over(InMemoryTweetRepository::default())
    }

    async fn sqlite() -> Self {
        Self::on(FreshDatabase::sqlite()).await
    }

    async fn postgres() -> Self {
        Self::on(FreshDatabase::postgres().await).await
    }

    async fn metered() -> Self {
        let meter = SdkMeterProvider::default().meter("contract");
        Self::over(Metered::new(Arc::new(InMemoryTweetRepository::default()), &meter))
    }

    async fn batched() -> Self {
        Self::over(Batched::new(InMemoryTweetRepository::default()))
    }

    async fn cached() -> Self {
        // So small that it evicts tweets in the middle of a case.
        Self::over(Cached::new(InMemoryTweetRepository::default(), 4_000))
    }

    fn over(repository: impl TweetRepository + 'static) -> Self {
        Self {
            repository: Arc::new(repository),
            _database: None,
        }
    }

    async fn on(database: FreshDatabase) -> Self {
        let pool = database::connect(database.url(), database::Options::default())
            .await
            .expect("connect");
        Migrator::up(&pool.connection(), None).await.expect("migrate");

        Self {
            repository: Arc::new(SeaOrmTweetRepository::new(pool)),
            _database: Some(database),
        }
    }

    fn repository(&self) -> Arc<dyn TweetRepository> {
        Arc::clone(&self.repository)
    }
}

mod memory {
    use super::Fresh;
    domain::tweet_repository_contract!(Fresh::memory());
}

mod sqlite {
    use super::Fresh;
    domain::tweet_repository_contract!(Fresh::sqlite());
}

mod postgres {
    use super::Fresh;
    domain::tweet_repository_contract!(Fresh::postgres());
}

mod metered {
    use super::Fresh;
    domain::tweet_repository_contract!(Fresh::metered());
}

mod batched {
    use super::Fresh;
    domain::tweet_repository_contract!(Fresh::batched());
}

mod cached {
    use super::Fresh;
    domain::tweet_repository_contract!(Fresh::cached());
}
