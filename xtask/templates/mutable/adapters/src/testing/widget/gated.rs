//! A store of widgets whose statements return when the test lets them.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    Expected, RepositoryError, WriteOutcome,
    widget::{IdempotentWidget, Widget, WidgetContent, WidgetId, WidgetRepository},
};

use crate::{testing::gate::Gate, widget::InMemoryWidgetRepository};

/// A store whose statements take effect at once, but return only when the test releases them. It records them, for
/// tests of what happens while a statement is in flight. Clones share one store.
#[derive(Clone, Default)]
pub struct Gated {
    store: Arc<InMemoryWidgetRepository>,
    gate: Arc<Gate>,
}

impl Gated {
    /// Lets this many statements return, those in flight first.
    pub fn release(&self, statements: usize) {
        self.gate.release(statements);
    }

    /// Fails every further statement with this error; `None` ends the outage.
    pub fn set_failure(&self, error: Option<RepositoryError>) {
        self.gate.set_failure(error);
    }

    /// All statements so far, such as `add 3` or `latest 20`.
    pub fn statements(&self) -> Vec<String> {
        self.gate.statements()
    }
}

#[async_trait]
impl WidgetRepository for Gated {
    async fn add(&self, widgets: &[Widget]) -> Result<(), RepositoryError> {
        let result = self.store.add(widgets).await;
        self.gate.pass(format!("add {}", widgets.len()), result).await
    }

    async fn add_idempotent(&self, widgets: &[IdempotentWidget]) -> Result<Vec<Widget>, RepositoryError> {
        let result = self.store.add_idempotent(widgets).await;
        self.gate
            .pass(format!("add_idempotent {}", widgets.len()), result)
            .await
    }

    async fn find(&self, ids: &[WidgetId]) -> Result<Vec<Widget>, RepositoryError> {
        let result = self.store.find(ids).await;
        self.gate.pass(format!("find {}", ids.len()), result).await
    }

    async fn latest(&self, before: Option<WidgetId>, limit: usize) -> Result<Vec<Widget>, RepositoryError> {
        let result = self.store.latest(before, limit).await;
        self.gate.pass(format!("latest {limit}"), result).await
    }

    async fn after(&self, after: WidgetId, limit: usize) -> Result<Vec<Widget>, RepositoryError> {
        let result = self.store.after(after, limit).await;
        self.gate.pass(format!("after {limit}"), result).await
    }

    async fn update(
        &self,
        id: WidgetId,
        content: &WidgetContent,
        expected: &Expected,
    ) -> Result<WriteOutcome<Widget>, RepositoryError> {
        let result = self.store.update(id, content, expected).await;
        self.gate.pass("update".to_owned(), result).await
    }

    async fn remove(&self, id: WidgetId, expected: &Expected) -> Result<WriteOutcome<()>, RepositoryError> {
        let result = self.store.remove(id, expected).await;
        self.gate.pass("remove".to_owned(), result).await
    }
}
