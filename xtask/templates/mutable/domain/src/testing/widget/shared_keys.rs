//! Idempotency keys of several clients, and of several calls at once.

use std::{
    slice,
    sync::{Arc, Mutex, PoisonError},
};

use super::{all_pages, idempotent, owned, widgets};
use crate::{
    IdempotencyKey, Principal,
    testing::contract::{Spawn, run_concurrently},
    widget::{IdempotentWidget, Widget, WidgetRepository},
};

/// The same key of two owners is two keys, in one batch and in several calls. Owners and keys cannot be confused
/// either.
pub async fn keys_belong_to_their_owner(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    let longest_owner = "o".repeat(Principal::MAX_CHARS);
    let longest_key = "~".repeat(IdempotencyKey::MAX_CHARS);
    let keys = [
        (None, "k"),
        (Some("alice"), "k"),
        (Some("bob"), "k"),
        (Some("Alice"), "k"),
        (None, "alice"),
        (None, "alice:k"),
        (Some("alic"), "ek"),
        (Some("k"), "alice"),
        (None, &longest_key),
        (Some(&longest_owner), &longest_key),
    ];
    let items = |offset| {
        let items = (offset..).zip(keys);
        items
            .map(|(n, (owner, key))| owned(n, owner, key))
            .collect::<Vec<_>>()
    };
    let expected = widgets(0..keys.len() as u64);

    let (batch, single) = (&items(0)[..5], &items(0)[5..]);
    let mut stored = repository.add_idempotent(batch).await.expect("add");
    for item in single {
        stored.extend(
            repository
                .add_idempotent(slice::from_ref(item))
                .await
                .expect("add"),
        );
    }
    assert_eq!(stored, expected, "each owner stores its own widget");

    let mut reversed = items(100);
    reversed.reverse();
    let mut replayed = repository.add_idempotent(&reversed).await.expect("add");
    replayed.reverse();
    assert_eq!(replayed, expected, "each owner gets its own widget");
    for (item, widget) in items(200).iter().zip(&expected) {
        let replayed = repository
            .add_idempotent(slice::from_ref(item))
            .await
            .expect("add");
        assert_eq!(replayed, slice::from_ref(widget), "{:?}", item.key);
    }

    assert_eq!(all_pages(&repository, 100).await.len(), keys.len());
}

/// One call stores, and all calls return the same widget: single calls, and batches that overlap in any order.
pub async fn concurrent_calls_with_one_key_store_one_widget(
    repository: Arc<dyn WidgetRepository>,
    spawn: Spawn,
) {
    const TASKS: u64 = 16;
    const KEYS: u64 = 8;
    let results: Arc<Mutex<Vec<(String, Widget)>>> = Arc::default();

    run_concurrently(spawn, TASKS, |task| {
        let (repository, results) = (Arc::clone(&repository), Arc::clone(&results));
        async move {
            let mut items: Vec<IdempotentWidget> = (0..KEYS)
                .map(|key| idempotent(task * KEYS + key, &format!("key-{key}")))
                .collect();
            items.rotate_left(usize::try_from(task % KEYS).expect("small"));

            let (single, batch) = items.split_at(2);
            let mut stored = repository.add_idempotent(batch).await.expect("add");
            for item in single {
                stored.extend(
                    repository
                        .add_idempotent(slice::from_ref(item))
                        .await
                        .expect("add"),
                );
            }

            let keys = batch.iter().chain(single).map(|item| item.key.key.to_string());
            results
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend(keys.zip(stored));
        }
    })
    .await;

    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner).clone();
    results.sort_unstable_by(|(a, one), (b, other)| (a, one.id).cmp(&(b, other.id)));
    assert_eq!(results.len() as u64, TASKS * KEYS, "every item has a result");
    results.dedup();
    assert_eq!(results.len() as u64, KEYS, "one widget for each key: {results:?}");

    let stored = all_pages(&repository, 100).await;
    assert_eq!(stored.len() as u64, KEYS);
    assert!(results.iter().all(|(_, widget)| stored.contains(widget)));
    assert!(widgets(0..TASKS * KEYS).contains(&stored[0]));
}
