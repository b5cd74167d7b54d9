//! Calls that share a statement with one that fails, or with one that is dropped.

use super::*;

#[tokio::test]
async fn dropped_call_neither_stops_nor_fails_the_others() {
    let (batched, store) = batched();
    fill(&store, 4).await;
    let calls: Vec<_> = (0..4).map(|n| find(&batched, n)).collect();
    settle().await;

    // One that waits, then the one whose statement is in flight.
    calls[2].abort();
    settle().await;
    calls[0].abort();
    settle().await;

    store.release(1);
    for (n, call) in (0..).zip(calls) {
        match end(call).await {
            Ok(found) => assert_eq!(found.expect("find"), [widget(n)], "(b)"),
            Err(error) => assert!(error.is_cancelled() && (n == 0 || n == 2)),
        }
    }
    assert_eq!(
        store.statements()[1..],
        ["find 1", "find 2"],
        "the dropped call that waited is not executed"
    );
}

#[tokio::test]
async fn error_is_not_cached() {
    let (batched, store) = batched();
    store.release(100);

    store.set_failure(Some(RepositoryError::Unavailable { source: source() }));
    assert!(batched.latest(None, 5).await.is_err());

    store.set_failure(None);
    assert_eq!(batched.latest(None, 5).await.expect("(c)"), []);
}

#[tokio::test]
async fn bad_item_fails_only_its_own_caller() {
    let (batched, store) = batched();
    fill(&store, 3).await;
    let calls: Vec<_> = [10, 11, 2, 12].map(|n| add(&batched, widget(n))).into();
    settle().await;

    store.release(10);
    for (n, call) in [10, 11, 2, 12].into_iter().zip(calls) {
        let outcome = result(call).await;
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
        "together, then individually"
    );
}

#[tokio::test]
async fn outage_fails_all_calls_of_a_batch_without_retries() {
    for error in [
        RepositoryError::Unavailable { source: source() },
        RepositoryError::TimedOut { source: source() },
    ] {
        let (batched, store) = batched();
        store.set_failure(Some(error));
        let calls: Vec<_> = (0..5).map(|n| add(&batched, widget(n))).collect();
        settle().await;

        store.release(10);
        for call in calls {
            let outcome = result(call).await;
            assert!(matches!(
                outcome,
                Err(RepositoryError::Unavailable { .. } | RepositoryError::TimedOut { .. })
            ));
        }
        assert_eq!(store.statements(), ["add 1", "add 4"]);
    }
}

#[tokio::test]
async fn failed_page_is_not_retried_for_each_caller() {
    let (batched, store) = batched();
    store.set_failure(Some(RepositoryError::Internal { source: source() }));
    let calls: Vec<_> = (0..5).map(|_| latest(&batched, 20)).collect();
    settle().await;

    store.release(10);
    for call in calls {
        result(call).await.expect_err("the store fails");
    }
    assert_eq!(store.statements(), ["latest 20", "latest 20"]);
}

#[tokio::test]
async fn pending_calls_complete_after_the_repository_is_dropped() {
    let (batched, store) = batched();
    let calls: Vec<_> = (0..5).map(|n| add(&batched, widget(n))).collect();
    settle().await;

    // The last handle except those of the calls.
    drop(batched);

    store.release(2);
    for call in calls {
        result(call).await.expect("(e)");
    }
}

#[test]
fn runtime_shuts_down_with_calls_in_flight() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("a runtime");
    let (batched, _store) = batched();

    runtime.block_on(async {
        let _calls: Vec<_> = (0..1000).map(|n| add(&batched, widget(n))).collect();
        settle().await;
    });
    drop(runtime);
}

#[test]
fn waiting_call_fails_when_the_runtime_of_the_statement_shuts_down() {
    let [ending, staying] = [(); 2].map(|()| {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
    });
    let (batched, store) = batched();
    let mut calls = Vec::new();
    for (runtime, n) in [(&ending, 0), (&staying, 1)] {
        runtime.block_on(async {
            calls.push(add(&batched, widget(n)));
            settle().await;
        });
    }

    drop(ending);
    let outcome = staying.block_on(result(calls.remove(1)));
    assert!(
        matches!(outcome, Err(RepositoryError::Unavailable { .. })),
        "(e) {outcome:?}"
    );

    store.release(1);
    staying
        .block_on(async { result(add(&batched, widget(2))).await })
        .expect("the next call executes");
}
