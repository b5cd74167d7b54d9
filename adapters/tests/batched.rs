//! What `Batched` promises: who shares a statement, and that sharing harms nobody. The letters are the hazards that
//! every decorator must avoid.

#![expect(clippy::expect_used, reason = "a test that cannot be set up must fail")]

use std::{sync::Arc, time::Duration};

use adapters::{decorators::Batched, testing::Gated};
use domain::{BoxedSource, RepositoryError, Tweet, TweetRepository, testing::contract::tweet};
use tokio::task::JoinHandle;

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

/// A call's answer, in time.
async fn answer<T>(call: JoinHandle<T>) -> T {
    let bounded = tokio::time::timeout(Duration::from_secs(20), call).await;
    bounded.expect("a call was never answered").expect("a task")
}

async fn filled(store: &Gated, count: u64) {
    store.let_go(1);
    store.add(&(0..count).map(tweet).collect::<Vec<_>>()).await.expect("add");
}

#[tokio::test]
async fn the_first_call_goes_at_once_and_the_next_ones_go_together() {
    let (batched, store) = batched();
    filled(&store, 10).await;
    let calls: Vec<_> = (0..10).map(|n| find(&batched, n)).collect();
    settle().await;
    assert_eq!(store.statements()[1..], ["find 1"], "nine wait for the first to return");
    store.let_go(2);
    for (n, call) in (0..).zip(calls) {
        assert_eq!(answer(call).await.expect("find"), [tweet(n)], "(d) each its own answer");
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
    assert_eq!(store.statements().last().map(String::as_str), Some("add 1000"), "a large call goes alone");
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
    let refused = answers.iter().filter(|answer| matches!(answer, Err(RepositoryError::Unavailable { .. })));
    assert_eq!(refused.count(), 1);
}

#[tokio::test]
async fn a_read_does_not_join_a_statement_that_began_before_it() {
    let (batched, store) = batched();
    let early = latest(&batched, 5);
    settle().await;
    let written = tokio::spawn({
        let store = store.clone();
        async move { store.add(&[tweet(1)]).await }
    });
    settle().await;
    let late = latest(&batched, 5);
    settle().await;
    store.let_go(3);
    answer(written).await.expect("add");
    assert_eq!(answer(early).await.expect("latest"), []);
    assert_eq!(answer(late).await.expect("latest"), [tweet(1)], "(a)");
}

#[tokio::test]
async fn a_caller_who_goes_away_neither_stops_nor_fails_the_others() {
    let (batched, store) = batched();
    filled(&store, 4).await;
    let calls: Vec<_> = (0..4).map(|n| find(&batched, n)).collect();
    settle().await;
    // One that waits, and the one whose statement is under way.
    calls[2].abort();
    settle().await;
    calls[0].abort();
    settle().await;
    store.let_go(1);
    for (n, call) in (0..).zip(calls) {
        match call.await {
            Ok(answer) => assert_eq!(answer.expect("find"), [tweet(n)], "(b)"),
            Err(error) => assert!(error.is_cancelled() && (n == 0 || n == 2)),
        }
    }
    assert_eq!(store.statements()[1..], ["find 1", "find 2"], "nothing is done for who left");
}

#[tokio::test]
async fn an_error_is_told_once_and_forgotten() {
    let (batched, store) = batched();
    store.let_go(100);
    store.fail(Some(RepositoryError::Unavailable { source: source() }));
    assert!(batched.latest(None, 5).await.is_err());
    store.fail(None);
    assert_eq!(batched.latest(None, 5).await.expect("(c)"), []);
}

#[tokio::test]
async fn one_bad_item_fails_its_own_caller_only() {
    let (batched, store) = batched();
    filled(&store, 3).await;
    let calls: Vec<_> = [10, 11, 2, 12].map(|n| add(&batched, tweet(n))).into();
    settle().await;
    store.let_go(10);
    for (n, call) in [10, 11, 2, 12].into_iter().zip(calls) {
        let outcome = answer(call).await;
        if n == 2 {
            assert!(matches!(outcome, Err(RepositoryError::Conflict)), "{outcome:?}");
        } else {
            outcome.expect("(f)");
        }
    }
    assert_eq!(batched.latest(None, 9).await.expect("latest").len(), 6);
    assert_eq!(store.statements()[1..5], ["add 1", "add 3", "add 1", "add 1"], "together, then each alone");
}

#[tokio::test]
async fn an_outage_fails_all_who_share_the_statement_without_asking_again() {
    for error in
        [RepositoryError::Unavailable { source: source() }, RepositoryError::TimedOut { source: source() }]
    {
        let (batched, store) = batched();
        store.fail(Some(error));
        let calls: Vec<_> = (0..5).map(|n| add(&batched, tweet(n))).collect();
        settle().await;
        store.let_go(10);
        for call in calls {
            let outcome = answer(call).await;
            assert!(matches!(
                outcome,
                Err(RepositoryError::Unavailable { .. } | RepositoryError::TimedOut { .. })
            ));
        }
        assert_eq!(store.statements(), ["add 1", "add 4"]);
    }
}

#[tokio::test]
async fn everybody_is_answered_when_the_repository_is_let_go() {
    let (batched, store) = batched();
    let calls: Vec<_> = (0..5).map(|n| add(&batched, tweet(n))).collect();
    settle().await;
    // The last handle but those of the calls themselves.
    drop(batched);
    store.let_go(2);
    for call in calls {
        answer(call).await.expect("(e)");
    }
}

#[test]
fn a_runtime_that_ends_with_calls_under_way_ends() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let (batched, _store) = batched();
    runtime.block_on(async {
        let _calls: Vec<_> = (0..1000).map(|n| add(&batched, tweet(n))).collect();
        settle().await;
    });
    drop(runtime);
}
