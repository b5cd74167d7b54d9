//! The contract, over every adapter and every decorator.

use std::sync::Arc;

use adapters::{
    database,
    testing::{FreshDatabase, PgBouncer, PoolMode, store_tracer},
    widget::{Batched, Cached, InMemoryWidgetRepository, Metered, SeaOrmWidgetRepository, Traced},
};
use domain::widget::WidgetRepository;
use migration::{Migrator, MigratorTrait};
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry_sdk::metrics::SdkMeterProvider;

fn meter() -> Meter {
    SdkMeterProvider::default().meter("contract")
}

/// An empty store for one test.
struct Fresh {
    repository: Arc<dyn WidgetRepository>,
    _pooler: Option<PgBouncer>,
    _database: Option<FreshDatabase>,
}

impl Fresh {
    async fn memory() -> Self {
        Self::over(InMemoryWidgetRepository::default())
    }

    async fn sqlite() -> Self {
        Self::on(FreshDatabase::sqlite()).await
    }

    async fn postgres() -> Self {
        Self::on(FreshDatabase::postgres().await).await
    }

    async fn pgbouncer() -> Self {
        let database = FreshDatabase::postgres().await;
        let pooler = PgBouncer::start(database.url(), PoolMode::Session, "");

        Self {
            repository: Self::sql(pooler.url()).await,
            _pooler: Some(pooler),
            _database: Some(database),
        }
    }

    async fn metered() -> Self {
        Self::over(Metered::new(
            Arc::new(InMemoryWidgetRepository::default()),
            &meter(),
        ))
    }

    async fn traced() -> Self {
        Self::over(Traced::new(
            Arc::new(InMemoryWidgetRepository::default()),
            &store_tracer(),
        ))
    }

    async fn batched() -> Self {
        Self::over(Batched::new(InMemoryWidgetRepository::default(), &meter()))
    }

    async fn cached() -> Self {
        // So small that it evicts widgets in the middle of a case.
        Self::over(Cached::new(InMemoryWidgetRepository::default(), 4_000, &meter()))
    }

    fn over(repository: impl WidgetRepository + 'static) -> Self {
        Self {
            repository: Arc::new(repository),
            _pooler: None,
            _database: None,
        }
    }

    async fn on(database: FreshDatabase) -> Self {
        Self {
            repository: Self::sql(database.url()).await,
            _pooler: None,
            _database: Some(database),
        }
    }

    async fn sql(url: &str) -> Arc<dyn WidgetRepository> {
        let pool = database::connect(url, database::Options::default())
            .await
            .expect("connect");
        Migrator::up(&pool.connection(), None).await.expect("migrate");

        Arc::new(SeaOrmWidgetRepository::new(pool))
    }

    fn repository(&self) -> Arc<dyn WidgetRepository> {
        Arc::clone(&self.repository)
    }
}

mod memory {
    use super::Fresh;
    domain::widget_repository_contract!(Fresh::memory());
}

mod sqlite {
    use super::Fresh;
    domain::widget_repository_contract!(Fresh::sqlite());
}

mod postgres {
    use super::Fresh;
    domain::widget_repository_contract!(Fresh::postgres());
}

mod postgres_behind_pgbouncer {
    use super::Fresh;
    domain::widget_repository_contract!(Fresh::pgbouncer());
}

mod metered {
    use super::Fresh;
    domain::widget_repository_contract!(Fresh::metered());
}

mod traced {
    use super::Fresh;
    domain::widget_repository_contract!(Fresh::traced());
}

mod batched {
    use super::Fresh;
    domain::widget_repository_contract!(Fresh::batched());
}

mod cached {
    use super::Fresh;
    domain::widget_repository_contract!(Fresh::cached());
}
