//! What idempotency keys promise.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Spawn, all_pages, keyed, tweet, tweets};
use crate::{IdempotencyKey, IdempotentTweet, RepositoryError, Tweet, TweetRepository};

/// The first call with a key stores; every further one is told what was stored, and stores nothing.
pub async fn a_key_stores_one_tweet(repository: Arc<dyn TweetRepository>, _: Spawn) {
    for n in 0..3 {
        let stored = repository
            .add_idempotent(&[keyed(n, "k")])
            .await
            .expect("add once");
        assert_eq!(stored, [tweet(0)], "call {n}");
    }
    assert_eq!(repository.latest(None, 10).await.expect("latest"), [tweet(0)]);
    assert_eq!(repository.find(&[tweet(0).id]).await.expect("find"), [tweet(0)]);
    assert_eq!(
        repository.find(&[tweet(1).id]).await.expect("find"),
        [],
        "not stored, so not found"
    );
    assert_eq!(repository.add_idempotent(&[]).await.expect("nothing"), []);
}

/// Keys are compared byte by byte, at any length; what the tweets say plays no part.
pub async fn a_key_tells_what_was_stored_whatever_the_text(repository: Arc<dyn TweetRepository>, _: Spawn) {
    let longest = "~".repeat(IdempotencyKey::MAX_CHARS);
    let keys = [
        "k",
        "K",
        "';drop(table)tweet;--",
        "\"k\"",
        "\\k",
        &longest,
        &longest[1..],
    ];
    for (n, key) in (0..).zip(keys) {
        assert_eq!(
            repository
                .add_idempotent(&[keyed(n, key)])
                .await
                .expect("add once"),
            [tweet(n)],
            "{key}"
        );
    }
    for (n, key) in (0..).zip(keys) {
        assert_eq!(
            repository
                .add_idempotent(&[keyed(100 + n, key)])
                .await
                .expect("again"),
            [tweet(n)],
            "{key}"
        );
    }
    repository
        .add(&[tweet(200), tweet(201)])
        .await
        .expect("tweets without a key do not meet");
    assert_eq!(all_pages(&repository, 100).await.len(), keys.len() + 2);
}

/// In a batch, each is answered in its place; of those with one key the first counts.
pub async fn keys_in_a_batch_are_told_apart(repository: Arc<dyn TweetRepository>, _: Spawn) {
    repository
        .add_idempotent(&[keyed(0, "there")])
        .await
        .expect("add once");
    let batch = [
        keyed(1, "twice"),
        keyed(2, "there"),
        keyed(3, "new"),
        keyed(4, "twice"),
    ];
    let expected = [tweet(1), tweet(0), tweet(3), tweet(1)];
    for _ in 0..2 {
        assert_eq!(
            repository.add_idempotent(&batch).await.expect("add once"),
            expected
        );
    }
    let stored = repository.latest(None, 10).await.expect("latest");
    assert_eq!(stored, [tweet(3), tweet(1), tweet(0)]);
}

/// An id is unique whatever the key, and what conflicts stores nothing, its key included.
pub async fn a_stored_id_is_a_conflict_under_any_key(repository: Arc<dyn TweetRepository>, _: Spawn) {
    repository.add(&[tweet(1)]).await.expect("add");
    let outcome = repository.add_idempotent(&[keyed(0, "a"), keyed(1, "b")]).await;
    assert!(matches!(outcome, Err(RepositoryError::Conflict)), "{outcome:?}");
    assert_eq!(repository.latest(None, 10).await.expect("latest"), [tweet(1)]);
    let later = [keyed(2, "a"), keyed(3, "b")];
    assert_eq!(
        repository
            .add_idempotent(&later)
            .await
            .expect("the keys are free"),
        [tweet(2), tweet(3)]
    );
}

/// Whoever comes first stores, and all are told the same, alone and in batches that overlap in any order.
pub async fn many_at_once_with_one_key_store_one_tweet(repository: Arc<dyn TweetRepository>, spawn: Spawn) {
    const KEYS: u64 = 8;
    let answers: Arc<Mutex<Vec<(String, Tweet)>>> = Arc::default();
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let (repository, answers) = (Arc::clone(&repository), Arc::clone(&answers));
            spawn(Box::pin(async move {
                let mut batch: Vec<IdempotentTweet> = (0..KEYS)
                    .map(|key| keyed(task * KEYS + key, &format!("key-{key}")))
                    .collect();
                batch.rotate_left(usize::try_from(task % KEYS).expect("small"));
                let (alone, together) = batch.split_at(2);
                let mut stored = repository.add_idempotent(together).await.expect("add once");
                for one in alone {
                    stored.extend(
                        repository
                            .add_idempotent(std::slice::from_ref(one))
                            .await
                            .expect("add once"),
                    );
                }
                let keys = together.iter().chain(alone).map(|keyed| keyed.key.to_string());
                answers
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend(keys.zip(stored));
            }))
        })
        .collect();
    for task in tasks {
        task.await;
    }
    let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner).clone();
    answers.sort_unstable_by(|(a, one), (b, other)| (a, one.id).cmp(&(b, other.id)));
    assert_eq!(answers.len() as u64, 16 * KEYS, "everybody was answered");
    answers.dedup();
    assert_eq!(
        answers.len() as u64,
        KEYS,
        "all callers with a key were told the same: {answers:?}"
    );
    let stored = all_pages(&repository, 100).await;
    assert_eq!(stored.len() as u64, KEYS);
    assert!(answers.iter().all(|(_, tweet)| stored.contains(tweet)) && tweets(0..128).contains(&stored[0]));
}
