//! Batches that need more than one statement.

use std::time::Duration;

use adapters::{database, testing::FreshDatabase, widget::SeaOrmWidgetRepository};
use domain::{
    RepositoryError,
    testing::widget::{idempotent, widget},
    widget::{Widget, WidgetRepository},
};

use crate::open;

/// More rows than two statements can insert, with six bound values each at least.
const COUNT: u64 = 12_000;

async fn opened(database: &FreshDatabase) -> SeaOrmWidgetRepository {
    // A busy machine may need longer than the default.
    let options = database::Options {
        statement_timeout: Duration::from_secs(60),
        ..database::Options::default()
    };
    open(database, options).await
}

async fn found(store: &SeaOrmWidgetRepository, widgets: &[Widget]) -> Vec<Widget> {
    let ids: Vec<_> = widgets.iter().map(|widget| widget.id).collect();
    let mut found = store.find(&ids).await.expect("find");

    found.sort_unstable_by_key(|widget| widget.id);
    found
}

async fn large_batch_is_stored_whole(database: FreshDatabase) {
    let store = opened(&database).await;
    let widgets: Vec<Widget> = (0..COUNT).map(widget).collect();

    store.add(&widgets).await.expect("add");

    assert_eq!(found(&store, &widgets).await, widgets);
}

async fn conflict_in_the_last_statement_stores_nothing(database: FreshDatabase) {
    let store = opened(&database).await;
    store.add(&[widget(COUNT - 1)]).await.expect("add");
    let widgets: Vec<Widget> = (0..COUNT).map(widget).collect();

    let outcome = store.add(&widgets).await;

    assert!(matches!(outcome, Err(RepositoryError::Conflict)), "{outcome:?}");
    assert_eq!(found(&store, &widgets).await, [widget(COUNT - 1)]);
}

async fn large_idempotent_batch_is_stored_once(database: FreshDatabase) {
    let store = opened(&database).await;
    let widgets: Vec<Widget> = (0..COUNT).map(widget).collect();

    for offset in [0, COUNT] {
        let batch: Vec<_> = (0..COUNT)
            .map(|n| idempotent(offset + n, &format!("key-{n}")))
            .collect();
        let stored = store.add_idempotent(&batch).await.expect("add");
        assert_eq!(stored, widgets);
    }

    assert_eq!(found(&store, &widgets).await, widgets);
}

mod sqlite {
    use super::FreshDatabase;

    #[tokio::test]
    async fn large_batch_is_stored_whole() {
        super::large_batch_is_stored_whole(FreshDatabase::sqlite()).await;
    }

    #[tokio::test]
    async fn conflict_in_the_last_statement_stores_nothing() {
        super::conflict_in_the_last_statement_stores_nothing(FreshDatabase::sqlite()).await;
    }

    #[tokio::test]
    async fn large_idempotent_batch_is_stored_once() {
        super::large_idempotent_batch_is_stored_once(FreshDatabase::sqlite()).await;
    }
}

mod postgres {
    use super::FreshDatabase;

    #[tokio::test]
    async fn large_batch_is_stored_whole() {
        super::large_batch_is_stored_whole(FreshDatabase::postgres().await).await;
    }

    #[tokio::test]
    async fn conflict_in_the_last_statement_stores_nothing() {
        super::conflict_in_the_last_statement_stores_nothing(FreshDatabase::postgres().await).await;
    }

    #[tokio::test]
    async fn large_idempotent_batch_is_stored_once() {
        super::large_idempotent_batch_is_stored_once(FreshDatabase::postgres().await).await;
    }
}
