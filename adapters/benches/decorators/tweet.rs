//! The decorators of tweets, around a store that executes two statements at a time, each in a millisecond or a little
//! more.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up must fail")]

use std::{sync::Arc, time::Duration};

use adapters::{
    SystemClock,
    tweet::{Batched, Cached, InMemoryTweetRepository},
};
use async_trait::async_trait;
use divan::{Bencher, counter::ItemsCount};
use domain::{
    Clock, IdGenerator, RepositoryError,
    testing::tweet::new_tweet,
    tweet::{IdempotentTweet, Tweet, TweetId, TweetRepository},
};
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use tokio::{runtime::Runtime, sync::Semaphore, task::JoinSet};

const CALLERS: usize = 64;

/// The store.
struct Slow {
    store: InMemoryTweetRepository,
    connections: Semaphore,
}

impl Slow {
    fn new() -> Self {
        Self {
            store: InMemoryTweetRepository::default(),
            connections: Semaphore::new(2),
        }
    }

    async fn statement(&self) {
        let _connection = self.connections.acquire().await.expect("an open semaphore");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[async_trait]
impl TweetRepository for Slow {
    async fn add(&self, tweets: &[Tweet]) -> Result<(), RepositoryError> {
        self.statement().await;
        self.store.add(tweets).await
    }

    async fn add_idempotent(&self, tweets: &[IdempotentTweet]) -> Result<Vec<Tweet>, RepositoryError> {
        self.statement().await;
        self.store.add_idempotent(tweets).await
    }

    async fn find(&self, ids: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError> {
        self.statement().await;
        self.store.find(ids).await
    }

    async fn latest(&self, before: Option<TweetId>, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        self.statement().await;
        self.store.latest(before, limit).await
    }

    async fn after(&self, after: TweetId, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        self.statement().await;
        self.store.after(after, limit).await
    }
}

#[derive(Debug, Clone, Copy)]
enum Stack {
    Bare,
    Batched,
    BatchedAndCached,
}

const STACKS: [Stack; 3] = [Stack::Bare, Stack::Batched, Stack::BatchedAndCached];

fn stack(stack: Stack) -> Arc<dyn TweetRepository> {
    let meter = SdkMeterProvider::default().meter("bench");

    match stack {
        Stack::Bare => Arc::new(Slow::new()),
        Stack::Batched => Arc::new(Batched::new(Slow::new(), &meter)),
        Stack::BatchedAndCached => Arc::new(Cached::new(Batched::new(Slow::new(), &meter), 1 << 20, &meter)),
    }
}

fn tweets(count: usize) -> Vec<Tweet> {
    let ids = IdGenerator::<Tweet>::default();
    let now = SystemClock.now();

    (0..count)
        .map(|_| Tweet::new(ids.next(now), new_tweet(1), now))
        .collect()
}

/// Runs each call in its own task, and waits for all of them.
async fn run_concurrently<F: Future<Output = ()> + Send + 'static>(calls: impl IntoIterator<Item = F>) {
    calls.into_iter().collect::<JoinSet<_>>().join_all().await;
}

#[divan::bench(args = STACKS)]
fn one_caller_finds(bencher: Bencher<'_, '_>, kind: Stack) {
    find(bencher, kind, 1);
}

#[divan::bench(args = STACKS)]
fn many_callers_find(bencher: Bencher<'_, '_>, kind: Stack) {
    find(bencher, kind, CALLERS);
}

fn find(bencher: Bencher<'_, '_>, kind: Stack, callers: usize) {
    let runtime = Runtime::new().expect("a runtime");
    let store = stack(kind);
    let stored = tweets(callers);
    runtime.block_on(store.add(&stored)).expect("added");

    bencher.counter(ItemsCount::new(callers)).bench(|| {
        runtime.block_on(run_concurrently(stored.iter().map(|tweet| {
            let (store, id) = (Arc::clone(&store), tweet.id);
            async move { assert_eq!(store.find(&[id]).await.expect("found").len(), 1) }
        })));
    });
}

#[divan::bench(args = STACKS)]
fn many_callers_add(bencher: Bencher<'_, '_>, kind: Stack) {
    let runtime = Runtime::new().expect("a runtime");
    let store = stack(kind);

    bencher
        .counter(ItemsCount::new(CALLERS))
        .with_inputs(|| tweets(CALLERS))
        .bench_values(|new| {
            runtime.block_on(run_concurrently(new.into_iter().map(|tweet| {
                let store = Arc::clone(&store);
                async move { store.add(&[tweet]).await.expect("added") }
            })));
        });
}

#[divan::bench(args = STACKS)]
fn many_callers_list(bencher: Bencher<'_, '_>, kind: Stack) {
    let runtime = Runtime::new().expect("a runtime");
    let store = stack(kind);
    runtime.block_on(store.add(&tweets(20))).expect("added");

    bencher.counter(ItemsCount::new(CALLERS)).bench(|| {
        runtime.block_on(run_concurrently((0..CALLERS).map(|_| {
            let store = Arc::clone(&store);
            async move { assert_eq!(store.latest(None, 20).await.expect("a page").len(), 20) }
        })));
    });
}
