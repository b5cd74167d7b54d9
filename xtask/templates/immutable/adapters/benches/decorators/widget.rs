//! The decorators of widgets, around a store that executes two statements at a time, each in a millisecond or a little
//! more.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up must fail")]

use std::{sync::Arc, time::Duration};

use adapters::{
    SystemClock,
    widget::{Batched, Cached, InMemoryWidgetRepository},
};
use async_trait::async_trait;
use divan::{Bencher, counter::ItemsCount};
use domain::{
    Clock, IdGenerator, RepositoryError,
    testing::widget::new_widget,
    widget::{IdempotentWidget, Widget, WidgetId, WidgetRepository},
};
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use tokio::{runtime::Runtime, sync::Semaphore, task::JoinSet};

const CALLERS: usize = 64;

/// The store.
struct Slow {
    store: InMemoryWidgetRepository,
    connections: Semaphore,
}

impl Slow {
    fn new() -> Self {
        Self {
            store: InMemoryWidgetRepository::default(),
            connections: Semaphore::new(2),
        }
    }

    async fn statement(&self) {
        let _connection = self.connections.acquire().await.expect("an open semaphore");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[async_trait]
impl WidgetRepository for Slow {
    async fn add(&self, widgets: &[Widget]) -> Result<(), RepositoryError> {
        self.statement().await;
        self.store.add(widgets).await
    }

    async fn add_idempotent(&self, widgets: &[IdempotentWidget]) -> Result<Vec<Widget>, RepositoryError> {
        self.statement().await;
        self.store.add_idempotent(widgets).await
    }

    async fn find(&self, ids: &[WidgetId]) -> Result<Vec<Widget>, RepositoryError> {
        self.statement().await;
        self.store.find(ids).await
    }

    async fn latest(&self, before: Option<WidgetId>, limit: usize) -> Result<Vec<Widget>, RepositoryError> {
        self.statement().await;
        self.store.latest(before, limit).await
    }

    async fn after(&self, after: WidgetId, limit: usize) -> Result<Vec<Widget>, RepositoryError> {
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

fn stack(stack: Stack) -> Arc<dyn WidgetRepository> {
    let meter = SdkMeterProvider::default().meter("bench");

    match stack {
        Stack::Bare => Arc::new(Slow::new()),
        Stack::Batched => Arc::new(Batched::new(Slow::new(), &meter)),
        Stack::BatchedAndCached => Arc::new(Cached::new(Batched::new(Slow::new(), &meter), 1 << 20, &meter)),
    }
}

fn widgets(count: usize) -> Vec<Widget> {
    let ids = IdGenerator::<Widget>::default();
    let now = SystemClock.now();

    (0..count)
        .map(|_| Widget::new(ids.next(now), new_widget(1), now))
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
    let stored = widgets(callers);
    runtime.block_on(store.add(&stored)).expect("added");

    bencher.counter(ItemsCount::new(callers)).bench(|| {
        runtime.block_on(run_concurrently(stored.iter().map(|widget| {
            let (store, id) = (Arc::clone(&store), widget.id);
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
        .with_inputs(|| widgets(CALLERS))
        .bench_values(|new| {
            runtime.block_on(run_concurrently(new.into_iter().map(|widget| {
                let store = Arc::clone(&store);
                async move { store.add(&[widget]).await.expect("added") }
            })));
        });
}

#[divan::bench(args = STACKS)]
fn many_callers_list(bencher: Bencher<'_, '_>, kind: Stack) {
    let runtime = Runtime::new().expect("a runtime");
    let store = stack(kind);
    runtime.block_on(store.add(&widgets(20))).expect("added");

    bencher.counter(ItemsCount::new(CALLERS)).bench(|| {
        runtime.block_on(run_concurrently((0..CALLERS).map(|_| {
            let store = Arc::clone(&store);
            async move { assert_eq!(store.latest(None, 20).await.expect("a page").len(), 20) }
        })));
    });
}
