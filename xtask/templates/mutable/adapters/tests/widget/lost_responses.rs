//! Writes whose response is lost with the connection: they are made again, and must neither fail nor happen twice.

use std::time::Duration;

use adapters::{
    database::{self, Options},
    testing::{FreshDatabase, Proxy},
    widget::SeaOrmWidgetRepository,
};
use domain::{
    Expected, RepositoryError, Version, WriteOutcome,
    testing::widget::{content, idempotent, widget},
    widget::{Widget, WidgetRepository},
};
use migration::{Migrator, MigratorTrait};

/// A database behind a network that can lose responses.
struct Lossy {
    _database: FreshDatabase,
    proxy: Proxy,
    store: SeaOrmWidgetRepository,
}

impl Lossy {
    /// With the widgets 1 and 2. The statements of all operations are prepared, so that the next response is that of an
    /// execution.
    async fn new() -> Self {
        let database = FreshDatabase::postgres().await;
        let proxy = Proxy::to(database.url());
        let options = Options {
            max_connections: 1,
            statement_timeout: Duration::from_secs(10),
            ..Options::default()
        };
        let pool = database::connect(proxy.url(), options).await.expect("connect");
        Migrator::up(&pool.connection(), None).await.expect("migrate");
        let store = SeaOrmWidgetRepository::new(pool);

        store.add(&[widget(1)]).await.expect("added");
        let added = store.add_idempotent(&[idempotent(2, "two")]).await;
        assert_eq!(added.expect("added"), [widget(2)]);
        let absent = widget(99).id;
        let updated = store.update(absent, &content(1), &only(1)).await.expect("updated");
        assert_eq!(updated, WriteOutcome::Absent);
        let removed = store.remove(absent, &only(1)).await.expect("removed");
        assert_eq!(removed, WriteOutcome::Absent);

        Self {
            _database: database,
            proxy,
            store,
        }
    }

    async fn stored(&self) -> Vec<Widget> {
        self.store.latest(None, 9).await.expect("a page")
    }
}

fn only(version: i64) -> Expected {
    Expected::OneOf(vec![Version::new(version).expect("a version")])
}

/// Widget 1 with other content and this version.
fn changed(n: u64, version: i64) -> Widget {
    Widget {
        content: content(n),
        version: Version::new(version).expect("a version"),
        ..widget(1)
    }
}

#[tokio::test]
async fn update_whose_response_is_lost_succeeds_and_counts_once() {
    let lossy = Lossy::new().await;

    for (n, version) in [(11, 1), (12, 2), (12, 3)] {
        lossy.proxy.lose_next_response();
        let updated = lossy.store.update(widget(1).id, &content(n), &only(version)).await;

        let expected = changed(n, version + 1);
        assert_eq!(updated.expect("updated"), WriteOutcome::Done(expected.clone()));
        assert_eq!(lossy.stored().await, [widget(2), expected]);
    }
}

/// The first attempt changed nothing, because another writer was faster. Its write must not count as ours.
#[tokio::test]
async fn update_in_another_version_whose_response_is_lost_is_not_done() {
    let lossy = Lossy::new().await;
    let updated = lossy.store.update(widget(1).id, &content(11), &only(1)).await;
    assert_eq!(updated.expect("updated"), WriteOutcome::Done(changed(11, 2)));

    for expected in [only(1), only(3)] {
        lossy.proxy.lose_next_response();
        let updated = lossy.store.update(widget(1).id, &content(12), &expected).await;
        assert_eq!(updated.expect("an outcome"), WriteOutcome::OtherVersion);
    }
    assert_eq!(lossy.stored().await, [widget(2), changed(11, 2)]);
}

#[tokio::test]
async fn update_of_any_version_whose_response_is_lost_succeeds() {
    let lossy = Lossy::new().await;

    lossy.proxy.lose_next_response();
    let updated = lossy.store.update(widget(1).id, &content(11), &Expected::Any).await;

    let stored = lossy.stored().await.remove(1);
    assert_eq!(updated.expect("updated"), WriteOutcome::Done(stored.clone()));
    assert_eq!(stored.content, content(11));
}

#[tokio::test]
async fn removal_whose_response_is_lost_succeeds() {
    for expected in [only(1), Expected::Any] {
        let lossy = Lossy::new().await;

        lossy.proxy.lose_next_response();
        let removed = lossy.store.remove(widget(1).id, &expected).await;
        assert_eq!(removed.expect("removed"), WriteOutcome::Done(()));
        assert_eq!(lossy.stored().await, [widget(2)]);
    }
}

#[tokio::test]
async fn removal_in_another_version_whose_response_is_lost_is_not_done() {
    let lossy = Lossy::new().await;

    lossy.proxy.lose_next_response();
    let removed = lossy.store.remove(widget(1).id, &only(7)).await;
    assert_eq!(removed.expect("an outcome"), WriteOutcome::OtherVersion);
    assert_eq!(lossy.stored().await, [widget(2), widget(1)]);
}

#[tokio::test]
async fn creation_whose_response_is_lost_succeeds_and_stores_once() {
    let lossy = Lossy::new().await;

    lossy.proxy.lose_next_response();
    lossy.store.add(&[widget(3)]).await.expect("added");
    lossy.proxy.lose_next_response();
    let added = lossy.store.add_idempotent(&[idempotent(4, "four")]).await;
    assert_eq!(added.expect("added"), [widget(4)]);
    let expected = [4, 3, 2, 1].map(widget);
    assert_eq!(lossy.stored().await, expected);

    // Another widget with the same id is a conflict, although the first response was lost.
    lossy.proxy.lose_next_response();
    let same_id = Widget {
        id: widget(3).id,
        ..widget(5)
    };
    let outcome = lossy.store.add(&[same_id]).await;
    assert!(matches!(outcome, Err(RepositoryError::Conflict)), "{outcome:?}");
    assert_eq!(lossy.stored().await, expected);
}
