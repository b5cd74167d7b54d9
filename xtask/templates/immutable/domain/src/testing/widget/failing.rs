//! A repository in an outage, for tests of what callers make of its errors.

use async_trait::async_trait;

use crate::{
    RepositoryError,
    widget::{IdempotentWidget, Widget, WidgetId, WidgetRepository},
};

/// A store in an outage: every call fails with the same error.
#[derive(Debug, Clone)]
pub struct FailingWidgetRepository(pub RepositoryError);

#[async_trait]
impl WidgetRepository for FailingWidgetRepository {
    async fn add(&self, _: &[Widget]) -> Result<(), RepositoryError> {
        Err(self.0.clone())
    }

    async fn add_idempotent(&self, _: &[IdempotentWidget]) -> Result<Vec<Widget>, RepositoryError> {
        Err(self.0.clone())
    }

    async fn find(&self, _: &[WidgetId]) -> Result<Vec<Widget>, RepositoryError> {
        Err(self.0.clone())
    }

    async fn latest(&self, _: Option<WidgetId>, _: usize) -> Result<Vec<Widget>, RepositoryError> {
        Err(self.0.clone())
    }

    async fn after(&self, _: WidgetId, _: usize) -> Result<Vec<Widget>, RepositoryError> {
        Err(self.0.clone())
    }
}
