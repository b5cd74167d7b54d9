//! Idempotency keys that an earlier version stored, without an owner.

use adapters::{database, testing::FreshDatabase, widget::SeaOrmWidgetRepository};
use domain::{
    testing::widget::{owned, widget},
    widget::WidgetRepository,
};
use migration::{Migrator, MigratorTrait};
use sea_orm::ConnectionTrait;

/// Whoever has the key gets its widget, as before: the table does not tell who stored it.
async fn keys_of_an_earlier_version_are_replayed(database: FreshDatabase) {
    let pool = database::connect(database.url(), database::Options::default())
        .await
        .expect("connect");
    let connection = pool.connection();
    Migrator::up(&connection, None).await.expect("migrate");
    let store = SeaOrmWidgetRepository::new(pool);
    store.add(&[widget(0)]).await.expect("add");
    connection
        .execute_unprepared("update widget set idempotency_key = 'former'")
        .await
        .expect("a key of an earlier version");

    for (n, owner) in (1..).zip([None, Some("alice"), Some("bob")]) {
        let batch = [owned(n, owner, "former"), owned(n + 10, owner, "new")];
        for _ in 0..2 {
            let stored = store.add_idempotent(&batch).await.expect("add");
            assert_eq!(stored, [widget(0), widget(n + 10)], "{owner:?}");
        }
    }

    let stored = store.latest(None, 10).await.expect("latest");
    assert_eq!(stored, [widget(13), widget(12), widget(11), widget(0)]);
}

#[tokio::test]
async fn sqlite_replays_keys_of_an_earlier_version() {
    keys_of_an_earlier_version_are_replayed(FreshDatabase::sqlite()).await;
}

#[tokio::test]
async fn postgres_replays_keys_of_an_earlier_version() {
    keys_of_an_earlier_version_are_replayed(FreshDatabase::postgres().await).await;
}
