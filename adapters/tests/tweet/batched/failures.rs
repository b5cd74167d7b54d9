//! Those who share a statement with one that fails, or with a caller who goes away.

use super::*;

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
        match end(call).await {
            Ok(answer) => assert_eq!(answer.expect("find"), [tweet(n)], "(b)"),
            Err(error) => assert!(error.is_cancelled() && (n == 0 || n == 2)),
        }
    }
    assert_eq!(
        store.statements()[1..],
        ["find 1", "find 2"],
        "nothing is done for who left"
    );
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
    assert_eq!(
        store.statements()[1..5],
        ["add 1", "add 3", "add 1", "add 1"],
        "together, then each alone"
    );
}

#[tokio::test]
async fn an_outage_fails_all_who_share_the_statement_without_asking_again() {
    for error in [
        RepositoryError::Unavailable { source: source() },
        RepositoryError::TimedOut { source: source() },
    ] {
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
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("a runtime");
    let (batched, _store) = batched();
    runtime.block_on(async {
        let _calls: Vec<_> = (0..1000).map(|n| add(&batched, tweet(n))).collect();
        settle().await;
    });
    drop(runtime);
}

#[test]
fn who_waits_for_a_call_whose_runtime_ends_is_told() {
    let [ends, stays] = [(); 2].map(|()| {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
    });
    let (batched, store) = batched();
    let mut calls = Vec::new();
    for (runtime, n) in [(&ends, 0), (&stays, 1)] {
        runtime.block_on(async {
            calls.push(add(&batched, tweet(n)));
            settle().await;
        });
    }
    drop(ends);
    let outcome = stays.block_on(answer(calls.remove(1)));
    assert!(
        matches!(outcome, Err(RepositoryError::Unavailable { .. })),
        "(e) {outcome:?}"
    );
    store.let_go(1);
    stays
        .block_on(async { answer(add(&batched, tweet(2))).await })
        .expect("the next call goes");
}
