//! `Replicated` asks the primary for what the replica may not have, and for nothing else.

use std::sync::Arc;

use adapters::{database::ReplicaReads, testing::tweet::Gated, tweet::Replicated};
use domain::{
    BoxedSource, RepositoryError,
    testing::tweet::{idempotent, tweet},
    tweet::{Tweet, TweetId, TweetRepository},
};

/// A store whose replica is complete below `tweet(100)`.
struct Fixture {
    store: Replicated<Gated, Gated>,
    primary: Gated,
    replica: Gated,
    reads: ReplicaReads,
}

/// The statements on the primary and on the replica.
type Statements<'a> = (&'a [&'a str], &'a [&'a str]);

impl Fixture {
    /// The tweets with these numbers are stored, and of those the others are on the replica.
    async fn new(stored: &[u64], replicated: &[u64]) -> Self {
        let reads = ReplicaReads::complete_below(tweet(100).id);
        let (primary, replica) = (Gated::default(), Gated::default());
        for (store, numbers) in [(&primary, stored), (&replica, replicated)] {
            store.release(1_000);
            store.add(&tweets(numbers)).await.expect("add");
        }

        Self {
            store: Replicated::new(primary.clone(), replica.clone(), reads.clone()),
            primary,
            replica,
            reads,
        }
    }

    /// Asserts which statements were executed, besides those that set the stores up.
    fn executed(&self, (primary, replica): Statements<'_>) {
        assert_eq!(self.primary.statements()[1..], *primary, "on the primary");
        assert_eq!(self.replica.statements()[1..], *replica, "on the replica");
    }

    async fn find(&self, numbers: &[u64]) -> Vec<Tweet> {
        let ids: Vec<_> = numbers.iter().map(|n| tweet(*n).id).collect();
        let mut found = self.store.find(&ids).await.expect("find");
        found.sort_by_key(|tweet| tweet.id);
        found
    }
}

fn tweets(numbers: &[u64]) -> Vec<Tweet> {
    numbers.iter().copied().map(tweet).collect()
}

fn unavailable() -> RepositoryError {
    let source: BoxedSource = Arc::from(Box::from("part of a test"));
    RepositoryError::Unavailable { source }
}

#[tokio::test]
async fn tweet_of_the_replica_is_not_read_from_the_primary() {
    let fixture = Fixture::new(&[1, 200], &[1, 200]).await;

    assert_eq!(fixture.find(&[1, 200]).await, tweets(&[1, 200]));

    fixture.executed((&[], &["find 2"]));
}

#[tokio::test]
async fn only_ids_that_the_replica_may_not_have_yet_are_read_from_the_primary() {
    let fixture = Fixture::new(&[1, 200, 201], &[1, 200]).await;

    let found = fixture.find(&[1, 2, 99, 100, 200, 201, 202]).await;

    assert_eq!(found, tweets(&[1, 200, 201]));
    fixture.executed((&["find 3"], &["find 7"]));
}

#[tokio::test]
async fn thousand_unknown_old_ids_cost_the_primary_nothing() {
    let fixture = Fixture::new(&[], &[]).await;

    for n in 0..1_000 {
        let unknown = TweetId::from_u128(tweet(n % 100).id.as_u128() - 1 - u128::from(n));
        fixture.replica.release(1);
        assert_eq!(fixture.store.find(&[unknown]).await.expect("find"), []);
    }

    fixture.executed((&[], &["find 1"; 1_000]));
}

#[tokio::test]
async fn only_pages_below_the_horizon_are_read_from_the_replica() {
    let stored = [1, 2, 3, 200];
    let fixture = Fixture::new(&stored, &[1, 2, 3]).await;
    let latest = |before: Option<u64>| fixture.store.latest(before.map(|n| tweet(n).id), 2);

    assert_eq!(latest(Some(100)).await.expect("a page"), tweets(&[3, 2]));
    assert_eq!(latest(Some(2)).await.expect("a page"), tweets(&[1]));
    fixture.executed((&[], &["latest 2", "latest 2"]));

    assert_eq!(latest(None).await.expect("a page"), tweets(&[200, 3]));
    assert_eq!(latest(Some(101)).await.expect("a page"), tweets(&[3, 2]));
    fixture.executed((&["latest 2", "latest 2"], &["latest 2", "latest 2"]));
}

#[tokio::test]
async fn page_of_newer_tweets_is_read_from_the_replica_if_it_ends_below_the_horizon() {
    let fixture = Fixture::new(&[1, 2, 3, 200], &[1, 2, 3]).await;
    let after = |n: u64, limit| fixture.store.after(tweet(n).id, limit);

    assert_eq!(after(1, 2).await.expect("a page"), tweets(&[2, 3]));
    fixture.executed((&[], &["after 2"]));

    assert_eq!(after(2, 2).await.expect("a page"), tweets(&[3, 200]));
    assert_eq!(after(150, 1).await.expect("a page"), tweets(&[200]));
    fixture.executed((&["after 2", "after 1"], &["after 2", "after 2"]));
}

#[tokio::test]
async fn writes_go_to_the_primary() {
    let fixture = Fixture::new(&[], &[]).await;

    fixture.store.add(&[tweet(1)]).await.expect("add");
    let stored = fixture.store.add_idempotent(&[idempotent(2, "key")]).await;

    assert_eq!(stored.expect("add"), [tweet(2)]);
    fixture.executed((&["add 1", "add_idempotent 1"], &[]));
}

#[tokio::test]
async fn primary_serves_when_the_replica_fails_which_is_then_left_out() {
    let fixture = Fixture::new(&[1], &[1]).await;
    fixture.replica.set_failure(Some(unavailable()));

    for _ in 0..3 {
        assert_eq!(fixture.find(&[1]).await, tweets(&[1]));
    }

    fixture.executed((&["find 1"; 3], &["find 1"]));
    assert!(!fixture.reads.is_used());
}

#[tokio::test]
async fn miss_of_a_replica_that_was_given_up_meanwhile_is_not_final() {
    let fixture = Fixture::new(&[1], &[]).await;
    let replica = Gated::default();
    let store = Replicated::new(fixture.primary.clone(), replica.clone(), fixture.reads.clone());

    let ids = [tweet(1).id];
    let give_up = async {
        fixture.reads.give_up();
        replica.release(1);
    };
    let (found, ()) = tokio::join!(biased; store.find(&ids), give_up);

    assert_eq!(found.expect("find"), tweets(&[1]));
}
