//! The contract, over every adapter and every decorator.

use std::sync::Arc;

use adapters::{
    database,
    testing::{FreshDatabase, store_tracer},
    widget::{InMemoryWidgetRepository, Metered, Traced},
};
use domain::widget::WidgetRepository;
use opentelemetry::metrics::{MeterProvider, noop::NoopMeterProvider};

use crate::open;

/// An empty store for one test.
struct Fresh {
    repository: Arc<dyn WidgetRepository>,
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

    async fn metered() -> Self {
        let meter = NoopMeterProvider::new().meter("contract");
        Self::over(Metered::new(
            Arc::new(InMemoryWidgetRepository::default()),
            &meter,
        ))
    }

    async fn traced() -> Self {
        Self::over(Traced::new(
            Arc::new(InMemoryWidgetRepository::default()),
            &store_tracer(),
        ))
    }

    fn over(repository: impl WidgetRepository + 'static) -> Self {
        Self {
            repository: Arc::new(repository),
            _database: None,
        }
    }

    async fn on(database: FreshDatabase) -> Self {
        let repository = open(&database, database::Options::default()).await;

        Self {
            repository: Arc::new(repository),
            _database: Some(database),
        }
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

mod metered {
    use super::Fresh;
    domain::widget_repository_contract!(Fresh::metered());
}

mod traced {
    use super::Fresh;
    domain::widget_repository_contract!(Fresh::traced());
}
