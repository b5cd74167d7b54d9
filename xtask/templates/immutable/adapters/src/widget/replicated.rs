//! Widgets read from a replica of the database.

use async_trait::async_trait;
use domain::{
    RepositoryError,
    widget::{IdempotentWidget, Widget, WidgetId, WidgetRepository},
};

use crate::database::ReplicaReads;

/// [`WidgetRepository`] that reads from a replica what it may, and everything else from the primary. A read that starts
/// after a write returned sees that write all the same, through any instance: widgets are immutable and their ids have
/// the time, so it is known what the replica must have (see [`ReplicaReads`]). If the replica fails, the primary
/// serves.
///
/// Writes go to the primary.
pub struct Replicated<P, R> {
    primary: P,
    replica: R,
    reads: ReplicaReads,
}

impl<P, R> Replicated<P, R> {
    /// Reads from `replica` when and as far as `reads` allows it.
    pub fn new(primary: P, replica: R, reads: ReplicaReads) -> Self {
        Self {
            primary,
            replica,
            reads,
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<P: WidgetRepository, R: WidgetRepository> WidgetRepository for Replicated<P, R> {
    async fn add(&self, widgets: &[Widget]) -> Result<(), RepositoryError> {
        self.primary.add(widgets).await
    }

    async fn add_idempotent(&self, widgets: &[IdempotentWidget]) -> Result<Vec<Widget>, RepositoryError> {
        self.primary.add_idempotent(widgets).await
    }

    /// A hit of the replica is final. The primary is asked for the widgets that the replica may not have yet.
    async fn find(&self, ids: &[WidgetId]) -> Result<Vec<Widget>, RepositoryError> {
        let Some(view) = self.reads.view() else {
            return self.primary.find(ids).await;
        };
        let Some(mut found) = view.read(self.replica.find(ids)).await else {
            return self.primary.find(ids).await;
        };

        let undecided = view.undecided(ids, found.iter().map(|widget| widget.id));
        if !undecided.is_empty() {
            found.extend(self.primary.find(&undecided).await?);
        }
        Ok(found)
    }

    /// A page of widgets that are all older than the horizon is that of the replica.
    async fn latest(&self, before: Option<WidgetId>, limit: usize) -> Result<Vec<Widget>, RepositoryError> {
        if let Some(view) = self.reads.view()
            && before.is_some_and(|before| view.covers_all_before(before))
            && let Some(page) = view.read(self.replica.latest(before, limit)).await
        {
            return Ok(page);
        }

        self.primary.latest(before, limit).await
    }

    /// A page is that of the replica if it is full before it reaches the horizon.
    async fn after(&self, after: WidgetId, limit: usize) -> Result<Vec<Widget>, RepositoryError> {
        if let Some(view) = self.reads.view()
            && view.covers(after)
            && let Some(page) = view.read(self.replica.after(after, limit)).await
            && page.len() == limit
            && page.last().is_some_and(|last| view.covers(last.id))
        {
            return Ok(page);
        }

        self.primary.after(after, limit).await
    }
}
