//! What `Cached` promises: it asks once, keeps to its size, and never knows better than the store.

use std::sync::Arc;

use adapters::{testing::Gated, tweet::Cached};
use domain::{BoxedSource, RepositoryError, Tweet, TweetRepository, testing::tweet::tweet};

fn cached(bytes: u64) -> (Cached<Gated>, Gated) {
    let store = Gated::default();
    store.let_go(1_000_000);
    (Cached::new(store.clone(), bytes), store)
}

#[tokio::test]
async fn what_was_written_or_read_is_not_asked_for_again() {
    let (cached, store) = cached(1 << 20);
    store.add(&[tweet(1)]).await.expect("add, unseen by the cache");
    cached.add(&[tweet(2)]).await.expect("add");
    for _ in 0..3 {
        assert_eq!(cached.find(&[tweet(1).id]).await.expect("find"), [tweet(1)]);
        assert_eq!(cached.find(&[tweet(2).id]).await.expect("find"), [tweet(2)]);
    }
    assert_eq!(store.statements(), ["add 1", "add 1", "find 1"]);
}

#[tokio::test]
async fn only_what_is_not_kept_is_asked_for() {
    let (cached, store) = cached(1 << 20);
    cached.add(&[tweet(1), tweet(2)]).await.expect("add");
    store.add(&[tweet(3)]).await.expect("add, unseen by the cache");
    let ids: Vec<_> = [1, 3, 4, 2, 1].map(|n| tweet(n).id).into();
    let mut found = cached.find(&ids).await.expect("find");
    found.sort_by_key(|tweet| tweet.id);
    assert_eq!(found, [tweet(1), tweet(2), tweet(3)]);
    assert_eq!(store.statements().last().map(String::as_str), Some("find 2"));
}

#[tokio::test]
async fn absence_is_not_kept() {
    let (cached, store) = cached(1 << 20);
    assert_eq!(cached.find(&[tweet(1).id]).await.expect("find"), []);
    store.add(&[tweet(1)]).await.expect("add, unseen by the cache");
    assert_eq!(cached.find(&[tweet(1).id]).await.expect("find"), [tweet(1)]);
}

#[tokio::test]
async fn errors_and_what_was_not_acknowledged_are_not_kept() {
    let (cached, store) = cached(1 << 20);
    let source: BoxedSource = Arc::from(Box::from("broken on purpose"));
    store.fail(Some(RepositoryError::Unavailable { source }));
    assert!(cached.find(&[tweet(1).id]).await.is_err());
    assert!(cached.add(&[tweet(2)]).await.is_err());
    assert!(
        cached.find(&[tweet(2).id]).await.is_err(),
        "what failed is asked of the store"
    );
    store.fail(None);
    assert_eq!(cached.find(&[tweet(1).id]).await.expect("find"), []);
}

#[tokio::test]
async fn it_keeps_to_its_size() {
    let bytes = 100_000;
    let (cached, store) = cached(bytes);
    let tweets: Vec<Tweet> = (0..5_000).map(tweet).collect();
    cached.add(&tweets).await.expect("add");
    for tweet in &tweets {
        assert_eq!(
            cached.find(&[tweet.id]).await.expect("find"),
            std::slice::from_ref(tweet)
        );
    }
    let asked = store.statements().len() - 1;
    // An entry counts for more than 150 bytes, so at most 666 of 5,000 can have been kept.
    assert!(
        (4_000..5_000).contains(&asked),
        "{asked} of 5,000 reads reached the store"
    );
}
