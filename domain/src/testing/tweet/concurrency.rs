//! What many callers see at once.

use std::{
    future::poll_fn,
    pin::pin,
    slice,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use super::{Spawn, all_pages, newest_first, tweet, tweets};
use crate::{Tweet, TweetRepository};

/// Adds from many tasks, alone and in batches, are all kept.
pub async fn concurrent_adds_are_all_kept(repository: Arc<dyn TweetRepository>, spawn: Spawn) {
    const TASKS: u64 = 16;
    const EACH: u64 = 12;
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let repository = Arc::clone(&repository);
            spawn(Box::pin(async move {
                let own = tweets(task * EACH..(task + 1) * EACH);
                for alone in &own[..6] {
                    repository.add(slice::from_ref(alone)).await.expect("add one");
                }
                repository.add(&own[6..]).await.expect("add the rest");
            }))
        })
        .collect();
    for task in tasks {
        task.await;
    }
    assert_eq!(
        all_pages(&repository, 50).await,
        newest_first(tweets(0..TASKS * EACH))
    );
}

/// A reader who walks the pages while others write sees every tweet that was there when it began, once, in order.
pub async fn pages_neither_skip_nor_repeat_while_tweets_are_added(
    repository: Arc<dyn TweetRepository>,
    spawn: Spawn,
) {
    // Every third number is there from the start; writers fill the gaps and the top meanwhile.
    let there: Vec<Tweet> = (0..60).map(|n| tweet(3 * n)).collect();
    repository.add(&there).await.expect("add");
    let done = Arc::new(AtomicBool::new(false));
    let writer = spawn({
        let (repository, done) = (Arc::clone(&repository), Arc::clone(&done));
        Box::pin(async move {
            for n in (0..60).map(|n| 3 * n + 1).chain(180..240) {
                repository.add(&[tweet(n)]).await.expect("add");
            }
            done.store(true, Ordering::Relaxed);
        })
    });
    loop {
        let last_walk = done.load(Ordering::Relaxed);
        let walked = all_pages(&repository, 7).await;
        assert!(walked.is_sorted_by(|a, b| a.id > b.id), "in order, none twice");
        for tweet in &there {
            assert!(walked.contains(tweet), "{} was skipped", tweet.id);
        }
        if last_walk {
            break;
        }
    }
    writer.await;
}

/// What a returned `add` stored is seen by reads that any task starts afterwards.
pub async fn a_read_after_a_write_sees_it(repository: Arc<dyn TweetRepository>, spawn: Spawn) {
    for n in 0..30 {
        let new = tweet(n);
        repository.add(slice::from_ref(&new)).await.expect("add");
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let (repository, new) = (Arc::clone(&repository), new.clone());
                spawn(Box::pin(async move {
                    assert_eq!(
                        repository.find(&[new.id]).await.expect("find"),
                        slice::from_ref(&new)
                    );
                    assert_eq!(repository.latest(None, 1).await.expect("latest"), [new]);
                }))
            })
            .collect();
        for reader in readers {
            reader.await;
        }
    }
}

/// Callers that lose interest in the middle of a call leave the others, and later calls, unharmed.
pub async fn dropping_a_call_harms_no_other(repository: Arc<dyn TweetRepository>, spawn: Spawn) {
    let abandoned = tweets(1000..1040);
    for n in 0..40_u64 {
        let others: Vec<_> = (0..3)
            .map(|other| {
                let repository = Arc::clone(&repository);
                spawn(Box::pin(async move {
                    repository
                        .add(&[tweet(3 * n + other)])
                        .await
                        .expect("add beside a dropped call");
                    repository
                        .latest(None, 5)
                        .await
                        .expect("latest beside a dropped call");
                }))
            })
            .collect();
        {
            let batch = &abandoned[n as usize..=n as usize];
            let mut add = pin!(repository.add(batch));
            let ids = [tweet(0).id];
            let mut find = pin!(repository.find(&ids));
            let mut latest = pin!(repository.latest(None, 5));
            // Each call is begun, then given up: at its first pause, or at its end if it made none.
            poll_fn(|context| {
                let _ = add.as_mut().poll(context);
                let _ = find.as_mut().poll(context);
                let _ = latest.as_mut().poll(context);
                Poll::Ready(())
            })
            .await;
        }
        for other in others {
            other.await;
        }
    }
    let stored = all_pages(&repository, 100).await;
    for n in 0..120 {
        assert!(
            stored.contains(&tweet(n)),
            "tweet {n}, which nobody dropped, was lost"
        );
    }
    for stray in stored
        .iter()
        .filter(|stored| **stored != tweet(0) && stored.id >= tweet(1000).id)
    {
        assert!(
            abandoned.contains(stray),
            "an abandoned tweet is stored whole or not at all"
        );
    }
}
