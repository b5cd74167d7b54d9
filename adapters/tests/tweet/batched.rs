//! `Batched`: which calls share a statement, and that sharing harms no caller. The letters name the hazards that every
//! decorator must avoid.

mod bounds;
mod failures;

use std::{sync::Arc, time::Duration};

use adapters::{testing::tweet::Gated, tweet::Batched};
use domain::{
    BoxedSource, RepositoryError,
    testing::tweet::tweet,
    tweet::{Tweet, TweetRepository},
};
use opentelemetry::metrics::{MeterProvider, noop::NoopMeterProvider};
use tokio::task::{JoinError, JoinHandle};

type Call<T> = JoinHandle<Result<T, RepositoryError>>;

fn batched() -> (Arc<Batched<Gated>>, Gated) {
    let store = Gated::default();

    (
        Arc::new(Batched::new(
            store.clone(),
            &NoopMeterProvider::new().meter("test"),
        )),
        store,
    )
}

fn source() -> BoxedSource {
    Arc::from(Box::from("part of a test"))
}

/// Runs every task until it waits. The runtime has one thread, which runs up to 61 tasks a round.
async fn settle() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

fn add(batched: &Arc<Batched<Gated>>, tweet: Tweet) -> Call<()> {
    let batched = Arc::clone(batched);
    tokio::spawn(async move { batched.add(&[tweet]).await })
}

fn find(batched: &Arc<Batched<Gated>>, n: u64) -> Call<Vec<Tweet>> {
    let batched = Arc::clone(batched);
    tokio::spawn(async move { batched.find(&[tweet(n).id]).await })
}

fn latest(batched: &Arc<Batched<Gated>>, limit: usize) -> Call<Vec<Tweet>> {
    let batched = Arc::clone(batched);
    tokio::spawn(async move { batched.latest(None, limit).await })
}

fn after(batched: &Arc<Batched<Gated>>, n: u64, limit: usize) -> Call<Vec<Tweet>> {
    let batched = Arc::clone(batched);
    tokio::spawn(async move { batched.after(tweet(n).id, limit).await })
}

/// How a task ended, in time.
async fn end<T>(call: impl Future<Output = Result<T, JoinError>>) -> Result<T, JoinError> {
    tokio::time::timeout(Duration::from_secs(20), call)
        .await
        .expect("a call did not return in time")
}

/// The result of a call.
async fn result<T>(call: impl Future<Output = Result<T, JoinError>>) -> T {
    end(call).await.expect("the task of a call failed")
}

async fn fill(store: &Gated, count: u64) {
    let tweets: Vec<_> = (0..count).map(tweet).collect();

    store.release(1);
    store.add(&tweets).await.expect("add");
}

#[tokio::test]
async fn first_call_executes_at_once_and_later_calls_share_the_next_statement() {
    let (batched, store) = batched();
    fill(&store, 10).await;

    let calls: Vec<_> = (0..10).map(|n| find(&batched, n)).collect();
    settle().await;
    assert_eq!(store.statements()[1..], ["find 1"], "nine wait for the first");

    store.release(2);
    for (n, call) in (0..).zip(calls) {
        let found = result(call).await.expect("find");
        assert_eq!(found, [tweet(n)], "(d) each its own result");
    }
    assert_eq!(store.statements()[1..], ["find 1", "find 9"]);
}

#[tokio::test]
async fn adds_share_a_statement_and_return_after_it() {
    let (batched, store) = batched();
    let calls: Vec<_> = (0..5).map(|n| add(&batched, tweet(n))).collect();
    settle().await;
    assert_eq!(store.statements(), ["add 1"]);

    store.release(1);
    settle().await;
    assert_eq!(store.statements(), ["add 1", "add 4"]);
    let returned = calls.iter().filter(|call| call.is_finished()).count();
    assert_eq!(returned, 1, "the others wait for their statement");

    store.release(1);
    for call in calls {
        result(call).await.expect("add");
    }
}

#[tokio::test]
async fn next_statement_starts_before_results_are_sent() {
    let (batched, store) = batched();
    let _first = add(&batched, tweet(0));
    settle().await;
    let mut second = tokio::spawn({
        let (batched, store) = (Arc::clone(&batched), store.clone());
        async move { batched.add(&[tweet(1)]).await.map(|()| store.statements().len()) }
    });
    settle().await;

    store.release(1);
    settle().await;
    let _third = add(&batched, tweet(2));
    settle().await;
    assert_eq!(store.statements().len(), 2, "the third waits for the second");
    assert!(!second.is_finished());

    store.release(1);
    let statements = result(&mut second).await.expect("add");
    assert_eq!(statements, 3, "the third was in flight when the second returned");
}

#[tokio::test]
async fn equal_pages_share_a_statement_and_different_pages_run_concurrently() {
    let (batched, store) = batched();
    let calls: Vec<_> = [20, 20, 20, 50, 20].map(|limit| latest(&batched, limit)).into();
    settle().await;
    assert_eq!(store.statements(), ["latest 20", "latest 50"], "concurrently");

    store.release(3);
    for call in calls {
        result(call).await.expect("latest");
    }
    assert_eq!(store.statements(), ["latest 20", "latest 50", "latest 20"]);
}

#[tokio::test]
async fn clients_that_poll_after_one_id_share_a_statement() {
    let (batched, store) = batched();
    fill(&store, 3).await;

    let calls: Vec<_> = [0, 0, 0, 1, 0].map(|n| (n, after(&batched, n, 20))).into();
    settle().await;
    assert_eq!(store.statements()[1..], ["after 20"; 2], "concurrently");

    store.release(3);
    for (n, call) in calls {
        let expected: Vec<_> = (n + 1..3).map(tweet).collect();
        assert_eq!(result(call).await.expect("after"), expected, "(d)");
    }
    assert_eq!(store.statements()[1..], ["after 20"; 3]);
}

#[tokio::test]
async fn read_does_not_join_a_statement_that_started_before_it() {
    let reads = [
        |batched: &_| find(batched, 1),
        |batched: &_| latest(batched, 5),
        |batched: &_| after(batched, 0, 5),
    ];
    for (read, shared) in reads.into_iter().flat_map(|read| [(read, false), (read, true)]) {
        let (batched, store) = batched();

        let mut early = read(&batched);
        settle().await;
        if shared {
            // The statement of a call that waited is one that others could have shared.
            let next = read(&batched);
            settle().await;
            store.release(1);
            assert_eq!(result(early).await.expect("a read"), []);
            early = next;
            settle().await;
        }

        let written = tokio::spawn({
            let store = store.clone();
            async move { store.add(&[tweet(1)]).await }
        });
        settle().await;
        let late = read(&batched);
        settle().await;

        store.release(3);
        result(written).await.expect("add");
        assert_eq!(result(early).await.expect("a read"), []);
        assert_eq!(result(late).await.expect("a read"), [tweet(1)], "(a)");
    }
}
