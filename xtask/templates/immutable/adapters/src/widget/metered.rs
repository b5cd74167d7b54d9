//! Durations of calls to the store of widgets.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    RepositoryError,
    widget::{IdempotentWidget, Widget, WidgetId, WidgetRepository},
};
use opentelemetry::metrics::Meter;

use crate::timed::{TimedCollection, TimedOperation};

/// [`WidgetRepository`] that records every completed call once in `db.client.operation.duration` (OpenTelemetry semantic
/// conventions), by `db.collection.name`, `db.operation.name` and, if it failed, `error.type`. Results are passed on
/// unchanged. A dropped call has no result and is not recorded.
pub struct Metered<R: ?Sized> {
    inner: Arc<R>,
    add: TimedOperation,
    add_idempotent: TimedOperation,
    find: TimedOperation,
    latest: TimedOperation,
    after: TimedOperation,
}

impl<R: ?Sized> Metered<R> {
    /// Records the calls to `inner` with an instrument of `meter`.
    pub fn new(inner: Arc<R>, meter: &Meter) -> Self {
        Self::with(inner, &TimedCollection::new("widget", meter))
    }

    /// As [`new`](Self::new), for a replica, whose calls are recorded as such.
    pub fn replica(inner: Arc<R>, meter: &Meter) -> Self {
        Self::with(inner, &TimedCollection::new("widget", meter).on_replica())
    }

    fn with(inner: Arc<R>, widgets: &TimedCollection) -> Self {
        Self {
            inner,
            add: widgets.operation("add"),
            add_idempotent: widgets.operation("add_idempotent"),
            find: widgets.operation("find"),
            latest: widgets.operation("latest"),
            after: widgets.operation("after"),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<R: WidgetRepository + ?Sized> WidgetRepository for Metered<R> {
    async fn add(&self, widgets: &[Widget]) -> Result<(), RepositoryError> {
        self.add.time(self.inner.add(widgets)).await
    }

    async fn add_idempotent(&self, widgets: &[IdempotentWidget]) -> Result<Vec<Widget>, RepositoryError> {
        self.add_idempotent.time(self.inner.add_idempotent(widgets)).await
    }

    async fn find(&self, ids: &[WidgetId]) -> Result<Vec<Widget>, RepositoryError> {
        self.find.time(self.inner.find(ids)).await
    }

    async fn latest(&self, before: Option<WidgetId>, limit: usize) -> Result<Vec<Widget>, RepositoryError> {
        self.latest.time(self.inner.latest(before, limit)).await
    }

    async fn after(&self, after: WidgetId, limit: usize) -> Result<Vec<Widget>, RepositoryError> {
        self.after.time(self.inner.after(after, limit)).await
    }
}

#[cfg(test)]
mod tests {
    use domain::testing::widget::{idempotent, widget};

    use super::*;
    use crate::{timed::tests::counts, widget::InMemoryWidgetRepository};

    #[tokio::test]
    async fn every_call_is_counted_once_by_operation() {
        let counts = counts(async |meter| {
            let store = Metered::new(Arc::new(InMemoryWidgetRepository::default()), meter);

            store.add(&[widget(1), widget(2)]).await.expect("added");
            let stored = store.add_idempotent(&[idempotent(3, "k")]).await.expect("added");
            assert_eq!(stored, [widget(3)]);
            assert_eq!(store.find(&[widget(1).id]).await.expect("found"), [widget(1)]);
            for _ in 0..3 {
                assert_eq!(store.latest(None, 1).await.expect("a page"), [widget(3)]);
            }
            for _ in 0..2 {
                let page = store.after(widget(2).id, 1).await.expect("a page");
                assert_eq!(page, [widget(3)]);
            }
        });

        let expected = [
            ("add", 1),
            ("add_idempotent", 1),
            ("after", 2),
            ("find", 1),
            ("latest", 3),
        ]
        .map(|(name, count)| format!(r#"{{db_collection_name="widget",db_operation_name="{name}"}} {count}"#));
        assert_eq!(counts.await, expected);
    }
}
