//! Calls that share statements.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    RepositoryError,
    widget::{IdempotentWidget, Widget, WidgetId, WidgetRepository},
};
use opentelemetry::metrics::Meter;

use crate::batch_queue::{
    BatchQueue,
    BatchStart::{AfterYield, Immediate},
    distribute,
    sizes::BatchSizes,
};

type Queue<Repository, Key, Item, Output> = Arc<BatchQueue<Repository, Key, Item, Output>>;
type LatestKey = (Option<WidgetId>, usize);
type AfterKey = (WidgetId, usize);

/// [`WidgetRepository`] that makes few statements out of many calls: those that arrive while a statement is in flight
/// share the next one.
///
/// A call shares only statements that start after it, so a read sees what was written before it. A call returns when
/// its statement did. If a shared statement fails, its calls are made individually, so that one bad item fails only its
/// own caller; if the store is unavailable or does not respond in time, all of them fail at once.
///
/// Every statement is recorded in `db.client.operation.batch.size`, with the number of its calls.
pub struct Batched<R: WidgetRepository + 'static> {
    adds: Queue<R, (), Widget, ()>,
    idempotent_adds: Queue<R, (), IdempotentWidget, Vec<Widget>>,
    finds: Queue<R, (), WidgetId, Vec<Widget>>,
    latest: Queue<R, LatestKey, (), Vec<Widget>>,
    after: Queue<R, AfterKey, (), Vec<Widget>>,
}

impl<R: WidgetRepository + 'static> Batched<R> {
    /// Batches calls to `inner`, and records the sizes of batches with an instrument of `meter`.
    pub fn new(inner: R, meter: &Meter) -> Self {
        let inner = Arc::new(inner);
        let sizes = BatchSizes::new("widget", meter);

        Self {
            adds: BatchQueue::new(
                &inner,
                sizes.operation("add"),
                Immediate,
                |store, (), widgets| store.add(widgets),
                distribute::whole,
            ),
            idempotent_adds: BatchQueue::new(
                &inner,
                sizes.operation("add_idempotent"),
                Immediate,
                |store, (), widgets| store.add_idempotent(widgets),
                distribute::in_order,
            ),
            finds: BatchQueue::new(
                &inner,
                sizes.operation("find"),
                AfterYield,
                |store, (), ids| store.find(ids),
                |found, batch| distribute::by_id(found, batch, |widget| widget.id),
            ),
            // Without items: calls for the same page share its statement.
            latest: BatchQueue::new(
                &inner,
                sizes.operation("latest"),
                AfterYield,
                |store, &(before, limit), _| store.latest(before, limit),
                distribute::whole,
            ),
            after: BatchQueue::new(
                &inner,
                sizes.operation("after"),
                AfterYield,
                |store, &(after, limit), _| store.after(after, limit),
                distribute::whole,
            ),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<R: WidgetRepository + 'static> WidgetRepository for Batched<R> {
    async fn add(&self, widgets: &[Widget]) -> Result<(), RepositoryError> {
        self.adds.call((), widgets).await
    }

    async fn add_idempotent(&self, widgets: &[IdempotentWidget]) -> Result<Vec<Widget>, RepositoryError> {
        self.idempotent_adds.call((), widgets).await
    }

    async fn find(&self, ids: &[WidgetId]) -> Result<Vec<Widget>, RepositoryError> {
        self.finds.call((), ids).await
    }

    async fn latest(&self, before: Option<WidgetId>, limit: usize) -> Result<Vec<Widget>, RepositoryError> {
        self.latest.call((before, limit), &[]).await
    }

    async fn after(&self, after: WidgetId, limit: usize) -> Result<Vec<Widget>, RepositoryError> {
        self.after.call((after, limit), &[]).await
    }
}
