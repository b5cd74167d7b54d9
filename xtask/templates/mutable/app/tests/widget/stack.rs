//! The repository contract, through all decorators that `serve` puts around a store.

use std::sync::Arc;

use adapters::testing::FreshDatabase;
use app::{
    compose::Store,
    widget,
};
use domain::widget::WidgetRepository;
use opentelemetry::metrics::{MeterProvider, noop::NoopMeterProvider};

use crate::support::config;

/// An empty store, composed as `serve` composes it.
struct Stack {
    repository: Arc<dyn WidgetRepository>,
    _database: FreshDatabase,
}

impl Stack {
    async fn on(database: FreshDatabase) -> Self {
        let config = config(&[("DATABASE_URL", database.url())]);
        let store = Store::open(&config.database).await.expect("a store");
        let schema = store.schema.as_ref().expect("a schema");
        schema.up().await.expect("the migrations");
        let meter = NoopMeterProvider::new().meter("contract");

        Self {
            repository: widget::stack(
                &store.repositories.widgets,
                &store.context(&config.database, &meter),
            ),
            _database: database,
        }
    }

    fn repository(&self) -> Arc<dyn WidgetRepository> {
        Arc::clone(&self.repository)
    }
}

mod postgres {
    use super::{FreshDatabase, Stack};
    domain::widget_repository_contract!(async { Stack::on(FreshDatabase::postgres().await).await });
}

mod sqlite {
    use super::{FreshDatabase, Stack};
    domain::widget_repository_contract!(Stack::on(FreshDatabase::sqlite()));
}
