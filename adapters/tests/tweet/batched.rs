//! What `Batched` promises: who shares a statement, and that sharing harms nobody. The letters are the hazards that
//! every decorator must avoid.

mod failures;

use std::{sync::Arc, time::Duration};

use adapters::{testing::Gated, tweet::Batched};
use domain::{BoxedSource, RepositoryError, Tweet, TweetRepository, testing::tweet::tweet};
use tokio::task::{JoinError, JoinHandle};

type Answer<T> = Result<T, RepositoryError>;

fn batched() -> (Arc<Batched<Gated>>, Gated) {
    let store = Gated::default();
    (Arc::new(Batched::new(store.clone())), store)
}

fn source() -> BoxedSource {
    Arc::from(Box::from("broken on purpose"))
}

/// Runs every task until it waits for something. The runtime has one thread, which takes up to 61 tasks a round.
async fn settle() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

fn add(batched: &Arc<Batched<Gated>>, tweet: Tweet) -> JoinHandle<Answer<()>> {
    let batched = Arc::clone(batched);
    tokio::spawn(async move { batched.add(&[tweet]).await })
}

fn find(batched: &Arc<Batched<Gated>>, n: u64) -> JoinHandle<Answer<Vec<Tweet>>> {
    let batched = Arc::clone(batched);
    tokio::spawn(async move { batched.find(&[tweet(n).id]).await })
}

fn latest(batched: &Arc<Batched<Gated>>, limit: usize) -> JoinHandle<Answer<Vec<Tweet>>> {
    let batched = Arc::clone(batched);
    tokio::spawn(async move { batched.latest(None, limit).await })
}

/// How a call ended, in time.
async fn end<T>(call: impl Future<Output = Result<T, JoinError>>) -> Result<T, JoinError> {
    tokio::time::timeout(Duration::from_secs(20), call)
        .await
        .expect("a call was never answered")
}

async fn answer<T>(call: impl Future<Output = Result<T, JoinError>>) -> T {
    end(call).await.expect("a task")
}

async fn filled(store: &Gated, count: u64) {
    store.let_go(1);
    store
        .add(&(0..count).map(tweet).collect::<Vec<_>>())
        .await
        .expect("add");
}

#[tokio::test]
async fn the_first_call_goes_at_once_and_the_next_ones_go_together() {
    let (batched, store) = batched();
    filled(&store, 10).await;
    let calls: Vec<_> = (0..10).map(|n| find(&batched, n)).collect();
    settle().await;
    assert_eq!(
        store.statements()[1..],
        ["find 1"],
        "nine wait for the first to return"
    );
    store.let_go(2);
    for (n, call) in (0..).zip(calls) {
        assert_eq!(
            answer(call).await.expect("find"),
            [tweet(n)],
            "(d) each its own answer"
        );
    }
    assert_eq!(store.statements()[1..], ["find 1", "find 9"]);
}

#[tokio::test]
async fn additions_share_a_statement_and_wait_for_it() {
    let (batched, store) = batched();
    let calls: Vec<_> = (0..5).map(|n| add(&batched, tweet(n))).collect();
    settle().await;
    assert_eq!(store.statements(), ["add 1"]);
    store.let_go(1);
    settle().await;
    assert_eq!(store.statements(), ["add 1", "add 4"]);
    assert_eq!(
        calls.iter().filter(|call| call.is_finished()).count(),
        1,
        "acknowledged when the statement returned"
    );
    store.let_go(1);
    for call in calls {
        answer(call).await.expect("add");
    }
}

#[tokio::test]
async fn the_store_does_not_wait_for_callers_to_be_answered() {
    let (batched, store) = batched();
    let _first = add(&batched, tweet(0));
    settle().await;
    let mut second = tokio::spawn({
        let (batched, store) = (Arc::clone(&batched), store.clone());
        async move { batched.add(&[tweet(1)]).await.map(|()| store.statements().len()) }
    });
    settle().await;
    store.let_go(1);
    settle().await;
    let _third = add(&batched, tweet(2));
    settle().await;
    assert_eq!(store.statements().len(), 2, "the third waits for the second");
    assert!(!second.is_finished());
    store.let_go(1);
    let statements = answer(&mut second).await.expect("add");
    assert_eq!(
        statements, 3,
        "the third was under way when the second was answered"
    );
}

#[tokio::test]
async fn identical_pages_share_a_statement_and_different_ones_do_not_meet() {
    let (batched, store) = batched();
    let calls: Vec<_> = [20, 20, 20, 50, 20].map(|limit| latest(&batched, limit)).into();
    settle().await;
    assert_eq!(store.statements(), ["latest 20", "latest 50"], "at once");
    store.let_go(3);
    for call in calls {
        answer(call).await.expect("latest");
    }
    assert_eq!(store.statements(), ["latest 20", "latest 50", "latest 20"]);
}

#[tokio::test]
async fn batches_are_bounded() {
    let (batched, store) = batched();
    let calls: Vec<_> = (0..600).map(|n| add(&batched, tweet(n))).collect();
    settle().await;
    store.let_go(10);
    for call in calls {
        answer(call).await.expect("add");
    }
    assert_eq!(store.statements(), ["add 1", "add 256", "add 256", "add 87"]);
    let large: Vec<_> = (1000..2000).map(tweet).collect();
    batched.add(&large).await.expect("add");
    assert_eq!(
        store.statements().last().map(String::as_str),
        Some("add 1000"),
        "a large call goes alone"
    );
}

#[tokio::test]
async fn queues_are_bounded() {
    let (batched, store) = batched();
    let calls: Vec<_> = (0..10_002).map(|n| find(&batched, n)).collect();
    settle().await;
    let refused = calls.iter().filter(|call| call.is_finished()).count();
    assert_eq!(refused, 1, "one is under way, 10,000 wait");
    store.let_go(1000);
    let mut answers = Vec::new();
    for call in calls {
        answers.push(answer(call).await);
    }
    let refused = answers
        .iter()
        .filter(|answer| matches!(answer, Err(RepositoryError::Unavailable { .. })));
    assert_eq!(refused.count(), 1);
}

#[tokio::test]
async fn a_read_does_not_join_a_statement_that_began_before_it() {
    let reads = [|batched: &_| find(batched, 1), |batched: &_| latest(batched, 5)];
    for (read, shared) in reads.into_iter().flat_map(|read| [(read, false), (read, true)]) {
        let (batched, store) = batched();
        let mut early = read(&batched);
        settle().await;
        if shared {
            // Who waited has a statement that others could have shared.
            let next = read(&batched);
            settle().await;
            store.let_go(1);
            assert_eq!(answer(early).await.expect("a read"), []);
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
        store.let_go(3);
        answer(written).await.expect("add");
        assert_eq!(answer(early).await.expect("a read"), []);
        assert_eq!(answer(late).await.expect("a read"), [tweet(1)], "(a)");
    }
}
