//! Calls that arrive while a statement is under way share the next one.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{BoxedSource, IdempotentTweet, RepositoryError, Tweet, TweetId, TweetRepository};

use crate::batch_queue::{Key, Lanes, Turn, UnderWay, Waiting};

type Answer<T> = Result<T, RepositoryError>;
type Page = (Option<TweetId>, usize);
type Lane<I, T, K = ()> = UnderWay<K, I, Answer<T>>;
type Batch<I, T> = Vec<Waiting<I, Answer<T>>>;

/// The most ids or tweets that share a statement. A call that brings more goes alone.
const LARGEST_BATCH: usize = crate::batch_queue::LARGEST_BATCH;

/// [`TweetRepository`] that makes few statements out of many calls. The first call goes at once, as if nothing were
/// around the store; while it is under way, others of its kind gather, and go together when it returns. So there is no
/// timer, no delay when there is little to do, and larger statements the more there is. One of a kind at a time: two
/// were measured, and were smaller and cost the store more without answering anybody sooner.
///
/// A call joins only statements that begin after it, so a read sees what was written before it. An addition returns
/// when its statement did. When a shared statement fails, its calls are tried alone before anybody is told, so that one
/// bad item fails its own caller only; when the store is away or late, they all fail at once.
pub struct Batched<R> {
    inner: Arc<R>,
    adds: Arc<Lanes<(), Vec<Tweet>, Answer<()>>>,
    adds_idempotent: Arc<Lanes<(), Vec<IdempotentTweet>, Answer<Vec<Tweet>>>>,
    finds: Arc<Lanes<(), Vec<TweetId>, Answer<Vec<Tweet>>>>,
    pages: Arc<Lanes<Page, (), Answer<Vec<Tweet>>>>,
}

impl<R: TweetRepository + 'static> Batched<R> {
    /// Gathers calls to `inner`.
    pub fn new(inner: R) -> Self {
        let inner = Arc::new(inner);
        let adds = Arc::clone(&inner);
        let once = Arc::clone(&inner);
        let finds = Arc::clone(&inner);
        let pages = Arc::clone(&inner);
        Self {
            inner,
            adds: Lanes::new(Vec::len, false, move |lane, batch| {
                Box::pin(add(Arc::clone(&adds), lane, batch))
            }),
            adds_idempotent: Lanes::new(Vec::len, false, move |lane, batch| {
                Box::pin(add_idempotent(Arc::clone(&once), lane, batch))
            }),
            finds: Lanes::new(Vec::len, true, move |lane, batch| {
                Box::pin(find(Arc::clone(&finds), lane, batch))
            }),
            // Different pages do not meet.
            pages: Lanes::new(
                |()| 0,
                true,
                move |lane, batch| Box::pin(latest(Arc::clone(&pages), lane, batch)),
            ),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<R: TweetRepository + 'static> TweetRepository for Batched<R> {
    async fn add(&self, tweets: &[Tweet]) -> Answer<()> {
        if tweets.is_empty() || tweets.len() > LARGEST_BATCH {
            return self.inner.add(tweets).await;
        }
        share(self.adds.turn((), || tweets.to_vec()), || self.inner.add(tweets)).await
    }

    async fn add_idempotent(&self, tweets: &[IdempotentTweet]) -> Answer<Vec<Tweet>> {
        if tweets.is_empty() || tweets.len() > LARGEST_BATCH {
            return self.inner.add_idempotent(tweets).await;
        }
        share(self.adds_idempotent.turn((), || tweets.to_vec()), || {
            self.inner.add_idempotent(tweets)
        })
        .await
    }

    async fn find(&self, ids: &[TweetId]) -> Answer<Vec<Tweet>> {
        if ids.is_empty() || ids.len() > LARGEST_BATCH {
            return self.inner.find(ids).await;
        }
        share(self.finds.turn((), || ids.to_vec()), || self.inner.find(ids)).await
    }

    async fn latest(&self, before: Option<TweetId>, limit: usize) -> Answer<Vec<Tweet>> {
        share(self.pages.turn((before, limit), || ()), || {
            self.inner.latest(before, limit)
        })
        .await
    }
}

/// The outcome of a call: of its own statement when it goes now, else of the one that it shares.
async fn share<K: Key, I: Send, T: Send, F: Future<Output = Answer<T>>>(
    turn: Turn<K, I, Answer<T>>,
    alone: impl FnOnce() -> F,
) -> Answer<T> {
    match turn {
        Turn::Now(_lane) => alone().await,
        Turn::Later(answer) => answer.await.unwrap_or_else(|_| Err(abandoned())),
        Turn::Never => Err(crowded()),
    }
}

/// Whether it may help to try a call alone that failed in company. Nobody gains from asking a store again that is away,
/// and what it did before it fell silent is not known.
fn may_be_one_bad_item(error: &RepositoryError) -> bool {
    matches!(
        error,
        RepositoryError::Conflict | RepositoryError::Internal { .. }
    )
}

async fn add(inner: Arc<impl TweetRepository>, lane: Lane<Vec<Tweet>, ()>, batch: Batch<Vec<Tweet>, ()>) {
    let tweets: Vec<Tweet> = batch.iter().flat_map(|waiting| &waiting.item).cloned().collect();
    let outcome = inner.add(&tweets).await;
    let alone = batch.len() > 1 && outcome.as_ref().is_err_and(may_be_one_bad_item);
    let _lane = alone.then_some(lane);
    for Waiting { item, answer } in batch {
        let outcome = if alone {
            inner.add(&item).await
        } else {
            outcome.clone()
        };
        let _ = answer.send(outcome);
    }
}

async fn add_idempotent(
    inner: Arc<impl TweetRepository>,
    lane: Lane<Vec<IdempotentTweet>, Vec<Tweet>>,
    batch: Batch<Vec<IdempotentTweet>, Vec<Tweet>>,
) {
    let tweets: Vec<IdempotentTweet> = batch.iter().flat_map(|waiting| &waiting.item).cloned().collect();
    let mut outcome = inner.add_idempotent(&tweets).await.map(Vec::into_iter);
    let alone = batch.len() > 1 && outcome.as_ref().is_err_and(may_be_one_bad_item);
    let _lane = alone.then_some(lane);
    for Waiting { item, answer } in batch {
        let outcome = match &mut outcome {
            Ok(stored) => Ok(stored.take(item.len()).collect()),
            Err(_) if alone => inner.add_idempotent(&item).await,
            Err(error) => Err(error.clone()),
        };
        let _ = answer.send(outcome);
    }
}

async fn find(
    inner: Arc<impl TweetRepository>,
    lane: Lane<Vec<TweetId>, Vec<Tweet>>,
    batch: Batch<Vec<TweetId>, Vec<Tweet>>,
) {
    let ids: Vec<TweetId> = batch.iter().flat_map(|waiting| &waiting.item).copied().collect();
    let mut outcome = inner.find(&ids).await;
    if let Ok(found) = &mut outcome {
        found.sort_unstable_by_key(|tweet| tweet.id);
    }
    let alone = batch.len() > 1 && outcome.as_ref().is_err_and(may_be_one_bad_item);
    let _lane = alone.then_some(lane);
    for Waiting { mut item, answer } in batch {
        let outcome = match &outcome {
            Ok(found) => {
                item.sort_unstable();
                item.dedup();
                let position = |id: &TweetId| found.binary_search_by_key(id, |tweet| tweet.id).ok();
                Ok(item
                    .iter()
                    .filter_map(position)
                    .map(|n| found[n].clone())
                    .collect())
            }
            Err(_) if alone => inner.find(&item).await,
            Err(error) => Err(error.clone()),
        };
        let _ = answer.send(outcome);
    }
}

/// All wait for the same page, so there is no bad item among them.
async fn latest(
    inner: Arc<impl TweetRepository>,
    lane: Lane<(), Vec<Tweet>, Page>,
    batch: Batch<(), Vec<Tweet>>,
) {
    let (before, limit) = lane.key;
    let outcome = inner.latest(before, limit).await;
    drop(lane);
    for waiting in batch {
        let _ = waiting.answer.send(outcome.clone());
    }
}

fn crowded() -> RepositoryError {
    RepositoryError::Unavailable {
        source: message("too many calls wait for the store"),
    }
}

fn abandoned() -> RepositoryError {
    RepositoryError::Unavailable {
        source: message("the shared statement was abandoned"),
    }
}

fn message(text: &'static str) -> BoxedSource {
    Arc::from(Box::from(text))
}
