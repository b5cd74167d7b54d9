//! The use cases of widgets: what the driving side (HTTP, the command line, a test) can do with them.

use std::{error::Error, slice, sync::Arc};

use chrono::SubsecRound;

use crate::{
    Clock, CreateIdempotentError, CreateOutcome, Cursor, DateTime, IdGenerator, OwnedKey, Page, PageLimit,
    RepositoryError, Utc,
    widget::{IdempotentWidget, NewWidget, Widget, WidgetId, WidgetRepository},
};

/// Creates and retrieves widgets. It wraps the plural port into singular use cases, and decides ids and times.
pub struct WidgetService {
    repository: Arc<dyn WidgetRepository>,
    clock: Arc<dyn Clock>,
    ids: IdGenerator<Widget>,
}

impl WidgetService {
    /// A service over a store and a clock.
    pub fn new(repository: Arc<dyn WidgetRepository>, clock: Arc<dyn Clock>) -> Self {
        Self {
            repository,
            clock,
            ids: IdGenerator::default(),
        }
    }

    /// Stores a new widget and returns it. If this returns `Ok`, the widget is stored, as durably as the repository can.
    ///
    /// # Errors
    /// Those of [`WidgetRepository::add`]. Nothing was stored, except that the outcome is unknown after `TimedOut` and
    /// `Unavailable`.
    pub async fn create(&self, new: NewWidget) -> Result<Widget, RepositoryError> {
        let widget = self.make(new, self.clock.now());
        self.repository.add(slice::from_ref(&widget)).await?;
        Ok(widget)
    }

    /// Stores a new widget unless this key was used before; then it returns the widget that was stored first. A client
    /// that does not know the outcome of its call, after an error of any kind, may make the call again.
    ///
    /// # Errors
    /// [`CreateIdempotentError::KeyReused`] if the key was used for other content; those of
    /// [`WidgetRepository::add_idempotent`].
    pub async fn create_idempotent(
        &self,
        new: NewWidget,
        key: OwnedKey,
    ) -> Result<CreateOutcome<Widget>, CreateIdempotentError> {
        let widget = self.make(new.clone(), self.clock.now());
        let id = widget.id;
        let stored = self
            .repository
            .add_idempotent(&[IdempotentWidget { item: widget, key }])
            .await?
            .pop();

        match stored {
            Some(widget) if widget.id == id => Ok(CreateOutcome::Created(widget)),
            Some(widget) if widget.was_created_from(&new) => Ok(CreateOutcome::Replayed(widget)),
            Some(_) => Err(CreateIdempotentError::KeyReused),
            None => Err(broken_contract("`add_idempotent` returned no widget").into()),
        }
    }

    /// Stores several new widgets, all or none; the first is the oldest.
    ///
    /// # Errors
    /// As for [`create`](Self::create).
    pub async fn create_all(
        &self,
        new: impl IntoIterator<Item = NewWidget>,
    ) -> Result<Vec<Widget>, RepositoryError> {
        let now = self.clock.now();
        let widgets: Vec<_> = new.into_iter().map(|new| self.make(new, now)).collect();

        self.repository.add(&widgets).await?;
        Ok(widgets)
    }

    /// The widget with this id; `None` if none is stored.
    ///
    /// # Errors
    /// Those of [`WidgetRepository::find`].
    pub async fn get(&self, id: WidgetId) -> Result<Option<Widget>, RepositoryError> {
        Ok(self.repository.find(&[id]).await?.pop())
    }

    /// The widgets from a cursor on: newest first, or after [`Cursor::After`] oldest first.
    ///
    /// # Errors
    /// Those of [`WidgetRepository::latest`].
    pub async fn page(
        &self,
        cursor: Cursor<Widget>,
        limit: PageLimit,
    ) -> Result<Page<Widget>, RepositoryError> {
        let count = limit.with_lookahead();
        let fetched = match cursor {
            Cursor::Newest => self.repository.latest(None, count).await?,
            Cursor::Before(id) => self.repository.latest(Some(id), count).await?,
            Cursor::After(id) => self.repository.after(id, count).await?,
        };

        Ok(Page::new(fetched, limit, |widget| widget.id))
    }

    fn make(&self, new: NewWidget, now: DateTime<Utc>) -> Widget {
        // Responses show milliseconds, so no more than that is stored: a widget reads the same from any instance.
        Widget::new(self.ids.next(now), new, now.trunc_subsecs(3))
    }
}

/// The adapter broke the contract of its port: a bug of the service, not of the client.
fn broken_contract(reason: &str) -> RepositoryError {
    RepositoryError::Internal {
        source: Arc::from(Box::<dyn Error + Send + Sync>::from(reason)),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use async_trait::async_trait;

    use super::*;
    use crate::testing::{FixedClock, widget::new_widget};

    /// A repository that claims success and returns nothing.
    struct EmptyResults;

    #[async_trait]
    impl WidgetRepository for EmptyResults {
        async fn add(&self, _: &[Widget]) -> Result<(), RepositoryError> {
            Ok(())
        }

        async fn add_idempotent(&self, _: &[IdempotentWidget]) -> Result<Vec<Widget>, RepositoryError> {
            Ok(Vec::new())
        }

        async fn find(&self, _: &[WidgetId]) -> Result<Vec<Widget>, RepositoryError> {
            Ok(Vec::new())
        }

        async fn latest(&self, _: Option<WidgetId>, _: usize) -> Result<Vec<Widget>, RepositoryError> {
            Ok(Vec::new())
        }

        async fn after(&self, _: WidgetId, _: usize) -> Result<Vec<Widget>, RepositoryError> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn missing_result_of_the_repository_is_not_blamed_on_the_key() {
        let service = WidgetService::new(Arc::new(EmptyResults), Arc::new(FixedClock::at_millis(0)));
        let key = OwnedKey {
            owner: None,
            key: "a-key".parse().expect("a valid key"),
        };

        // Nothing here waits, so one poll is enough and no runtime is needed.
        let call = pin!(service.create_idempotent(new_widget(1), key));
        let outcome = call.poll(&mut Context::from_waker(Waker::noop()));

        assert!(matches!(
            outcome,
            Poll::Ready(Err(CreateIdempotentError::Store(
                RepositoryError::Internal { .. }
            )))
        ));
    }
}
