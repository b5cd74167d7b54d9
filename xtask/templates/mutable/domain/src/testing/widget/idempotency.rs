//! Idempotency keys.

use std::sync::Arc;

use super::{all_pages, idempotent, widget};
use crate::{
    Expected, IdempotencyKey, RepositoryError, WriteOutcome, testing::contract::Spawn, widget::WidgetRepository,
};

/// The first call with a key stores its widget. Further calls return that widget and store nothing.
pub async fn repeated_key_stores_one_widget(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    for n in 0..3 {
        let stored = repository
            .add_idempotent(&[idempotent(n, "k")])
            .await
            .expect("add");
        assert_eq!(stored, [widget(0)], "call {n}");
    }

    assert_eq!(repository.latest(None, 10).await.expect("latest"), [widget(0)]);
    assert_eq!(repository.find(&[widget(0).id]).await.expect("find"), [widget(0)]);
    let replaced = repository.find(&[widget(1).id]).await.expect("find");
    assert_eq!(replaced, [], "not stored, so not found");

    assert_eq!(repository.add_idempotent(&[]).await.expect("nothing"), []);
}

/// Keys differ in one byte, at any length. The contents of the widgets do not matter, and widgets without a key are
/// stored whatever the keys.
pub async fn keys_are_compared_byte_for_byte(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    let longest = "~".repeat(IdempotencyKey::MAX_CHARS);
    let keys = [
        "k",
        "K",
        "';drop(table)widget;--",
        "\"k\"",
        "\\k",
        &longest,
        &longest[1..],
    ];

    for offset in [0, 100] {
        for (n, key) in (0..).zip(keys) {
            let stored = repository
                .add_idempotent(&[idempotent(offset + n, key)])
                .await
                .expect("add");
            assert_eq!(stored, [widget(n)], "{key}");
        }
    }

    repository
        .add(&[widget(200), widget(201)])
        .await
        .expect("widgets without a key never collide");
    assert_eq!(all_pages(&repository, 100).await.len(), keys.len() + 2);
}

/// The result has the order of the batch. Of several items with one key, the first is stored.
pub async fn each_item_of_a_batch_gets_the_widget_of_its_key(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    repository
        .add_idempotent(&[idempotent(0, "stored")])
        .await
        .expect("add");
    let batch = [
        idempotent(1, "twice"),
        idempotent(2, "stored"),
        idempotent(3, "new"),
        idempotent(4, "twice"),
    ];

    for _ in 0..2 {
        let stored = repository.add_idempotent(&batch).await.expect("add");
        assert_eq!(stored, [widget(1), widget(0), widget(3), widget(1)]);
    }

    let stored = repository.latest(None, 10).await.expect("latest");
    assert_eq!(stored, [widget(3), widget(1), widget(0)]);
}

/// An id is unique whatever the key. A conflict stores nothing, not even the keys.
pub async fn stored_id_is_a_conflict_under_any_key(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    repository.add(&[widget(1)]).await.expect("add");

    let outcome = repository
        .add_idempotent(&[idempotent(0, "a"), idempotent(1, "b")])
        .await;
    assert!(matches!(outcome, Err(RepositoryError::Conflict)), "{outcome:?}");
    assert_eq!(repository.latest(None, 10).await.expect("latest"), [widget(1)]);

    let stored = repository
        .add_idempotent(&[idempotent(2, "a"), idempotent(3, "b")])
        .await
        .expect("the keys are unused");
    assert_eq!(stored, [widget(2), widget(3)]);
}

/// A repeated creation returns the widget as it is now. When the widget is removed, its key goes with it.
pub async fn key_is_stored_as_long_as_its_widget(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    let batch = [idempotent(1, "one"), idempotent(2, "two")];
    repository.add_idempotent(&batch).await.expect("add");
    let [first, second] = [widget(1), widget(2)];

    let updated = repository.update(first.id, &widget(7).content, &Expected::Any).await;
    let WriteOutcome::Done(updated) = updated.expect("update") else {
        panic!("the first is stored");
    };
    assert_eq!(updated.created_from, first.created_from);
    let again = [idempotent(3, "one"), idempotent(4, "two")];
    let replayed = repository.add_idempotent(&again).await.expect("a replay");
    assert_eq!(replayed, [updated, second.clone()]);

    let removed = repository.remove(first.id, &Expected::Any).await.expect("remove");
    assert_eq!(removed, WriteOutcome::Done(()));
    let again = [idempotent(5, "one"), idempotent(6, "two")];
    let stored = repository.add_idempotent(&again).await.expect("add");
    assert_eq!(stored, [widget(5), second], "the key of the first is new again");
}
