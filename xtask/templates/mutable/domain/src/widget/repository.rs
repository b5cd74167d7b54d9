//! The port to the store of widgets.
//!
//! # Adding an adapter
//! 1. Implement [`WidgetRepository`] in `adapters/src/widget`, in a file named after the technology.
//! 2. Run the contract over it: `domain::widget_repository_contract!` in `adapters/tests/widget/contract.rs`.
//! 3. Choose it in `app/src/widget/mod.rs`.

use async_trait::async_trait;

use super::{IdempotentWidget, Widget, WidgetContent, WidgetId};
use crate::{Expected, RepositoryError, WriteOutcome};

/// The store of widgets. Widgets change, so no decorator may cache them: other instances would show an old version.
///
/// Every method may be called from many tasks at once. A read that starts after a write returned sees what that call
/// wrote. Dropping a returned future cancels that call and no other; a cancelled write has happened completely or not
/// at all.
///
/// # Errors
/// All methods return [`RepositoryError::Unavailable`] if the store cannot be reached, [`RepositoryError::TimedOut`] if
/// it did not respond in time and [`RepositoryError::Internal`] if it failed in a way that no caller can fix. After the
/// first two it is unknown whether a write happened; it happened completely or not at all.
#[async_trait]
pub trait WidgetRepository: Send + Sync {
    /// Stores the widgets durably, all or none. An empty slice is a success that touches nothing.
    ///
    /// # Errors
    /// [`RepositoryError::Conflict`] if an id is already stored or occurs twice in `widgets`; nothing was added.
    async fn add(&self, widgets: &[Widget]) -> Result<(), RepositoryError>;

    /// Stores the widgets whose keys are new, durably, all or none. Widgets whose key is already stored are skipped.
    /// Returns, for each item of `widgets` in the same order, the widget that is stored under its key, as it is now:
    /// the given one or the earlier one, whatever its content.
    ///
    /// A key belongs to its owner: two owners never get each other's widgets, whatever their keys. A key is stored as
    /// long as its widget: when that is removed, the key is new again.
    ///
    /// At most one widget is ever stored under a key, however many calls are made through however many instances of the
    /// service. If a key occurs more than once in `widgets`, the first of these is stored.
    ///
    /// # Errors
    /// [`RepositoryError::Conflict`] as for [`add`](Self::add).
    async fn add_idempotent(&self, widgets: &[IdempotentWidget]) -> Result<Vec<Widget>, RepositoryError>;

    /// The stored widgets with these ids, each once, in no particular order. Ids that are not stored are left out:
    /// absence is a shorter result, not an error.
    async fn find(&self, ids: &[WidgetId]) -> Result<Vec<Widget>, RepositoryError>;

    /// At most `limit` widgets by descending id, which is newest first; with `before`, only those with a smaller id.
    /// `before` need not be stored. Fewer than `limit` means that there are no more.
    ///
    /// The cost does not depend on how deep the page is.
    async fn latest(&self, before: Option<WidgetId>, limit: usize) -> Result<Vec<Widget>, RepositoryError>;

    /// At most `limit` widgets by ascending id, which is oldest first: only those with a larger id than `after`, which
    /// need not be stored. Fewer than `limit` means that there are no more.
    ///
    /// The cost does not depend on how deep the page is.
    async fn after(&self, after: WidgetId, limit: usize) -> Result<Vec<Widget>, RepositoryError>;

    /// Replaces the content of a widget durably, if it is in an expected version, and returns it. Its version rises by
    /// one, and all else remains. Of concurrent writers that expect the same version, exactly one succeeds.
    ///
    /// An adapter that repeats a call whose response was lost returns success if it finds its own write. With
    /// [`Expected::Any`], it may then have written twice: the version has risen by two.
    async fn update(
        &self,
        id: WidgetId,
        content: &WidgetContent,
        expected: &Expected,
    ) -> Result<WriteOutcome<Widget>, RepositoryError>;

    /// Removes a widget durably, if it is in an expected version, and its idempotency key with it. Of concurrent
    /// writers that expect the same version, exactly one succeeds.
    ///
    /// An adapter that repeats a call whose response was lost returns success if it finds no widget.
    async fn remove(&self, id: WidgetId, expected: &Expected) -> Result<WriteOutcome<()>, RepositoryError>;
}
