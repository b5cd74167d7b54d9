//! `Cached` reads each widget from the store once, respects its size, and never contradicts the store.

use std::{slice, sync::Arc};

use adapters::{testing::widget::Gated, widget::Cached};
use domain::{
    BoxedSource, RepositoryError,
    testing::widget::widget,
    widget::{Widget, WidgetRepository},
};
use opentelemetry::metrics::{MeterProvider, noop::NoopMeterProvider};

fn cached(bytes: u64) -> (Cached<Gated>, Gated) {
    let store = Gated::default();
    store.release(1_000_000);

    (
        Cached::new(store.clone(), bytes, &NoopMeterProvider::new().meter("test")),
        store,
    )
}

#[tokio::test]
async fn written_and_read_widgets_are_not_read_from_the_store_again() {
    let (cached, store) = cached(1 << 20);
    store.add(&[widget(1)]).await.expect("add past the cache");
    cached.add(&[widget(2)]).await.expect("add");

    for _ in 0..3 {
        assert_eq!(cached.find(&[widget(1).id]).await.expect("find"), [widget(1)]);
        assert_eq!(cached.find(&[widget(2).id]).await.expect("find"), [widget(2)]);
    }

    assert_eq!(store.statements(), ["add 1", "add 1", "find 1"]);
}

#[tokio::test]
async fn only_uncached_ids_are_read_from_the_store() {
    let (cached, store) = cached(1 << 20);
    cached.add(&[widget(1), widget(2)]).await.expect("add");
    store.add(&[widget(3)]).await.expect("add past the cache");

    let ids: Vec<_> = [1, 3, 4, 2, 1].map(|n| widget(n).id).into();
    let mut found = cached.find(&ids).await.expect("find");

    found.sort_by_key(|widget| widget.id);
    assert_eq!(found, [widget(1), widget(2), widget(3)]);
    assert_eq!(store.statements().last().map(String::as_str), Some("find 2"));
}

#[tokio::test]
async fn absence_is_not_cached() {
    let (cached, store) = cached(1 << 20);
    assert_eq!(cached.find(&[widget(1).id]).await.expect("find"), []);

    store.add(&[widget(1)]).await.expect("add past the cache");

    assert_eq!(cached.find(&[widget(1).id]).await.expect("find"), [widget(1)]);
}

#[tokio::test]
async fn errors_and_failed_writes_are_not_cached() {
    let (cached, store) = cached(1 << 20);
    let source: BoxedSource = Arc::from(Box::from("part of a test"));
    store.set_failure(Some(RepositoryError::Unavailable { source }));

    assert!(cached.find(&[widget(1).id]).await.is_err());
    assert!(cached.add(&[widget(2)]).await.is_err());
    let outcome = cached.find(&[widget(2).id]).await;
    assert!(outcome.is_err(), "read from the store: {outcome:?}");

    store.set_failure(None);
    assert_eq!(cached.find(&[widget(1).id]).await.expect("find"), []);
}

#[tokio::test]
async fn cache_respects_its_size() {
    let (cached, store) = cached(100_000);
    let widgets: Vec<Widget> = (0..5_000).map(widget).collect();
    cached.add(&widgets).await.expect("add");

    for widget in &widgets {
        let found = cached.find(&[widget.id]).await.expect("find");
        assert_eq!(found, slice::from_ref(widget));
    }

    let reads = store.statements().len() - 1;
    // An entry weighs more than 150 bytes, so at most 666 of 5,000 fit.
    assert!(
        (4_000..5_000).contains(&reads),
        "{reads} of 5,000 reads reached the store"
    );
}
