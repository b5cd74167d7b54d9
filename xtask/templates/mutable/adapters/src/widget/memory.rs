//! Widgets in the process's own memory: for tests, for demonstrations, and as the model for tests of SQL stores.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use async_trait::async_trait;
use domain::{
    Expected, OwnedKey, RepositoryError, WriteOutcome,
    widget::{IdempotentWidget, Widget, WidgetContent, WidgetId, WidgetRepository},
};

/// [`WidgetRepository`] that holds widgets until it is dropped. Use it in unit tests of your own code:
///
/// ```
/// use std::sync::Arc;
///
/// use adapters::{SystemClock, widget::InMemoryWidgetRepository};
/// use domain::widget::WidgetService;
///
/// let widgets = WidgetService::new(Arc::new(InMemoryWidgetRepository::default()), Arc::new(SystemClock));
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let content = domain::testing::widget::content(1);
/// let created = widgets.create(content).await?;
/// assert_eq!(widgets.get(created.id).await?, Some(created));
/// # Ok::<_, Box<dyn std::error::Error>>(()) })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct InMemoryWidgetRepository {
    stored: RwLock<Stored>,
}

#[derive(Debug, Default)]
struct Stored {
    widgets: BTreeMap<WidgetId, Widget>,
    keys: HashMap<OwnedKey, WidgetId>,
}

impl Stored {
    fn add(&mut self, widgets: &[Widget]) -> Result<(), RepositoryError> {
        let new: BTreeMap<_, _> = widgets
            .iter()
            .map(|widget| (widget.id, widget.clone()))
            .collect();

        let has_duplicates = new.len() < widgets.len();
        if has_duplicates || new.keys().any(|id| self.widgets.contains_key(id)) {
            return Err(RepositoryError::Conflict);
        }

        self.widgets.extend(new);
        Ok(())
    }

    /// The widget that may be written, or why it may not.
    fn writable(&mut self, id: WidgetId, expected: &Expected) -> WriteOutcome<&mut Widget> {
        match self.widgets.get_mut(&id) {
            Some(widget) if expected.allows(widget.version) => WriteOutcome::Done(widget),
            Some(_) => WriteOutcome::OtherVersion,
            None => WriteOutcome::Absent,
        }
    }
}

impl InMemoryWidgetRepository {
    /// The lock is never held across an await, and a write is checked before it begins, so a poisoned lock is safe to
    /// use.
    fn read(&self) -> RwLockReadGuard<'_, Stored> {
        self.stored.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Stored> {
        self.stored.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl WidgetRepository for InMemoryWidgetRepository {
    async fn add(&self, widgets: &[Widget]) -> Result<(), RepositoryError> {
        self.write().add(widgets)
    }

    async fn add_idempotent(&self, widgets: &[IdempotentWidget]) -> Result<Vec<Widget>, RepositoryError> {
        let mut stored = self.write();

        let mut new = HashMap::new();
        for IdempotentWidget { item: widget, key } in widgets {
            if !stored.keys.contains_key(key) {
                new.entry(key.clone()).or_insert(widget);
            }
        }

        let new_widgets: Vec<Widget> = new.values().map(|widget| (*widget).clone()).collect();
        stored.add(&new_widgets)?;
        let new_keys = new.into_iter().map(|(key, widget)| (key, widget.id));
        stored.keys.extend(new_keys);

        Ok(widgets
            .iter()
            .filter_map(|IdempotentWidget { key, .. }| stored.widgets.get(stored.keys.get(key)?).cloned())
            .collect())
    }

    async fn find(&self, ids: &[WidgetId]) -> Result<Vec<Widget>, RepositoryError> {
        let ids: BTreeSet<_> = ids.iter().collect();

        let stored = self.read();
        Ok(ids
            .into_iter()
            .filter_map(|id| stored.widgets.get(id).cloned())
            .collect())
    }

    async fn latest(&self, before: Option<WidgetId>, limit: usize) -> Result<Vec<Widget>, RepositoryError> {
        let upper = before.map_or(Bound::Unbounded, Bound::Excluded);

        Ok(self
            .read()
            .widgets
            .range((Bound::Unbounded, upper))
            .rev()
            .take(limit)
            .map(|(_, widget)| widget.clone())
            .collect())
    }

    async fn after(&self, after: WidgetId, limit: usize) -> Result<Vec<Widget>, RepositoryError> {
        Ok(self
            .read()
            .widgets
            .range((Bound::Excluded(after), Bound::Unbounded))
            .take(limit)
            .map(|(_, widget)| widget.clone())
            .collect())
    }

    async fn update(
        &self,
        id: WidgetId,
        content: &WidgetContent,
        expected: &Expected,
    ) -> Result<WriteOutcome<Widget>, RepositoryError> {
        let mut stored = self.write();

        Ok(stored.writable(id, expected).map(|widget| {
            widget.content = content.clone();
            widget.version = widget.version.next();
            widget.clone()
        }))
    }

    async fn remove(&self, id: WidgetId, expected: &Expected) -> Result<WriteOutcome<()>, RepositoryError> {
        let mut stored = self.write();

        let outcome = stored.writable(id, expected).map(drop);
        if outcome == WriteOutcome::Done(()) {
            stored.widgets.remove(&id);
            stored.keys.retain(|_, other| *other != id);
        }
        Ok(outcome)
    }
}
