//! How many calls may share a statement, and how many may wait.

use super::*;

#[tokio::test]
async fn batch_size_is_bounded() {
    let (batched, store) = batched();
    let calls: Vec<_> = (0..600).map(|n| add(&batched, tweet(n))).collect();
    settle().await;

    store.release(10);
    for call in calls {
        result(call).await.expect("add");
    }
    assert_eq!(store.statements(), ["add 1", "add 256", "add 256", "add 87"]);

    let large: Vec<_> = (1000..2000).map(tweet).collect();
    batched.add(&large).await.expect("add");
    assert_eq!(
        store.statements().last().map(String::as_str),
        Some("add 1000"),
        "a large call executes alone"
    );
}

#[tokio::test]
async fn call_is_rejected_when_the_queue_is_full() {
    let (batched, store) = batched();
    let calls: Vec<_> = (0..10_002).map(|n| find(&batched, n)).collect();
    settle().await;
    let returned = calls.iter().filter(|call| call.is_finished()).count();
    assert_eq!(returned, 1, "one is in flight, 10,000 wait");

    store.release(1000);
    let mut rejected = 0;
    for call in calls {
        let is_rejected = matches!(result(call).await, Err(RepositoryError::Unavailable { .. }));
        rejected += usize::from(is_rejected);
    }
    assert_eq!(rejected, 1);
}
