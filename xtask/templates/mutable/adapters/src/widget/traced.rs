//! Spans of calls to the store of widgets.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    Expected, RepositoryError, WriteOutcome,
    widget::{IdempotentWidget, Widget, WidgetContent, WidgetId, WidgetRepository},
};

use crate::traced::{StoreTracer, TracedOperation};

/// [`WidgetRepository`] that makes a span of every call for a traced request (OpenTelemetry semantic conventions), with
/// `db.system.name`, `db.collection.name`, `db.operation.name` and, if it failed, `error.type`. Results are passed on
/// unchanged.
pub struct Traced<R: ?Sized> {
    inner: Arc<R>,
    add: TracedOperation,
    add_idempotent: TracedOperation,
    find: TracedOperation,
    latest: TracedOperation,
    after: TracedOperation,
    update: TracedOperation,
    remove: TracedOperation,
}

impl<R: ?Sized> Traced<R> {
    /// Makes spans of the calls to `inner`.
    pub fn new(inner: Arc<R>, tracer: &StoreTracer) -> Self {
        let operation = |name| tracer.operation("widget", name);

        Self {
            inner,
            add: operation("add"),
            add_idempotent: operation("add_idempotent"),
            find: operation("find"),
            latest: operation("latest"),
            after: operation("after"),
            update: operation("update"),
            remove: operation("remove"),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<R: WidgetRepository + ?Sized> WidgetRepository for Traced<R> {
    async fn add(&self, widgets: &[Widget]) -> Result<(), RepositoryError> {
        self.add.trace(self.inner.add(widgets)).await
    }

    async fn add_idempotent(&self, widgets: &[IdempotentWidget]) -> Result<Vec<Widget>, RepositoryError> {
        self.add_idempotent.trace(self.inner.add_idempotent(widgets)).await
    }

    async fn find(&self, ids: &[WidgetId]) -> Result<Vec<Widget>, RepositoryError> {
        self.find.trace(self.inner.find(ids)).await
    }

    async fn latest(&self, before: Option<WidgetId>, limit: usize) -> Result<Vec<Widget>, RepositoryError> {
        self.latest.trace(self.inner.latest(before, limit)).await
    }

    async fn after(&self, after: WidgetId, limit: usize) -> Result<Vec<Widget>, RepositoryError> {
        self.after.trace(self.inner.after(after, limit)).await
    }

    async fn update(
        &self,
        id: WidgetId,
        content: &WidgetContent,
        expected: &Expected,
    ) -> Result<WriteOutcome<Widget>, RepositoryError> {
        self.update.trace(self.inner.update(id, content, expected)).await
    }

    async fn remove(&self, id: WidgetId, expected: &Expected) -> Result<WriteOutcome<()>, RepositoryError> {
        self.remove.trace(self.inner.remove(id, expected)).await
    }
}

#[cfg(test)]
mod tests {
    use domain::testing::widget::{content, idempotent, widget};

    use super::*;
    use crate::{traced::tests::span_names, widget::InMemoryWidgetRepository};

    #[tokio::test]
    async fn every_call_is_a_span_named_by_its_operation() {
        let names = span_names(async |tracer| {
            let store = Traced::new(Arc::new(InMemoryWidgetRepository::default()), tracer);

            store.add(&[widget(1), widget(2)]).await.expect("added");
            let stored = store.add_idempotent(&[idempotent(3, "k")]).await.expect("added");
            assert_eq!(stored, [widget(3)]);
            assert_eq!(store.find(&[widget(1).id]).await.expect("found"), [widget(1)]);
            assert_eq!(store.latest(None, 1).await.expect("a page"), [widget(3)]);
            assert_eq!(store.after(widget(2).id, 1).await.expect("a page"), [widget(3)]);
            let updated = store.update(widget(1).id, &content(4), &Expected::Any).await;
            assert!(matches!(updated.expect("updated"), WriteOutcome::Done(_)));
            let removed = store.remove(widget(1).id, &Expected::Any).await;
            assert_eq!(removed.expect("removed"), WriteOutcome::Done(()));
        });

        let expected = ["add", "add_idempotent", "find", "latest", "after", "update", "remove"];
        let expected = expected.map(|name| format!("{name} widget"));
        assert_eq!(names.await, expected);
    }
}
