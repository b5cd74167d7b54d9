//! The use cases of widgets: what the driving side (HTTP, the command line, a test) can do with them.

use std::{error::Error, slice, sync::Arc};

use chrono::SubsecRound;

use super::{IdempotentWidget, Widget, WidgetContent, WidgetId, WidgetRepository};
use crate::{
    Clock, CreateIdempotentError, CreateOutcome, Cursor, DateTime, Expected, IdGenerator, OwnedKey, Page,
    PageLimit, RepositoryError, Utc, WriteOutcome,
};

/// Creates, retrieves, changes and removes widgets. It wraps the port into singular use cases, and decides ids and
/// times.
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
    pub async fn create(&self, content: WidgetContent) -> Result<Widget, RepositoryError> {
        let widget = self.make(content, self.clock.now());
        self.repository.add(slice::from_ref(&widget)).await?;
        Ok(widget)
    }

    /// Stores a new widget unless this key was used before; then it returns the widget that was stored first, as it is
    /// now. A client that does not know the outcome of its call, after an error of any kind, may make the call again.
    ///
    /// # Errors
    /// [`CreateIdempotentError::KeyReused`] if the key was used for other content; those of
    /// [`WidgetRepository::add_idempotent`].
    pub async fn create_idempotent(
        &self,
        content: WidgetContent,
        key: OwnedKey,
    ) -> Result<CreateOutcome<Widget>, CreateIdempotentError> {
        let widget = self.make(content, self.clock.now());
        let (id, created_from) = (widget.id, widget.created_from);
        let stored = self
            .repository
            .add_idempotent(&[IdempotentWidget { item: widget, key }])
            .await?
            .pop();

        match stored {
            Some(widget) if widget.id == id => Ok(CreateOutcome::Created(widget)),
            Some(widget) if widget.created_from == created_from => Ok(CreateOutcome::Replayed(widget)),
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
        contents: impl IntoIterator<Item = WidgetContent>,
    ) -> Result<Vec<Widget>, RepositoryError> {
        let now = self.clock.now();
        let widgets: Vec<_> = contents
            .into_iter()
            .map(|content| self.make(content, now))
            .collect();

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

    /// Replaces the content of a widget that is in an expected version, and returns it.
    ///
    /// # Errors
    /// Those of [`WidgetRepository::update`]. The outcome is unknown after `TimedOut` and `Unavailable`.
    pub async fn update(
        &self,
        id: WidgetId,
        content: &WidgetContent,
        expected: &Expected,
    ) -> Result<WriteOutcome<Widget>, RepositoryError> {
        self.repository.update(id, content, expected).await
    }

    /// Removes a widget that is in an expected version.
    ///
    /// # Errors
    /// Those of [`WidgetRepository::remove`]. The outcome is unknown after `TimedOut` and `Unavailable`.
    pub async fn remove(&self, id: WidgetId, expected: &Expected) -> Result<WriteOutcome<()>, RepositoryError> {
        self.repository.remove(id, expected).await
    }

    fn make(&self, content: WidgetContent, now: DateTime<Utc>) -> Widget {
        // Responses show milliseconds, so no more than that is stored: a widget reads the same from any instance.
        Widget::new(self.ids.next(now), content, now.trunc_subsecs(3))
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
    use crate::testing::{FixedClock, widget::widget};

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

        async fn update(
            &self,
            _: WidgetId,
            _: &WidgetContent,
            _: &Expected,
        ) -> Result<WriteOutcome<Widget>, RepositoryError> {
            Ok(WriteOutcome::Absent)
        }

        async fn remove(&self, _: WidgetId, _: &Expected) -> Result<WriteOutcome<()>, RepositoryError> {
            Ok(WriteOutcome::Absent)
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
        let call = pin!(service.create_idempotent(widget(1).content, key));
        let outcome = call.poll(&mut Context::from_waker(Waker::noop()));

        assert!(matches!(
            outcome,
            Poll::Ready(Err(CreateIdempotentError::Store(
                RepositoryError::Internal { .. }
            )))
        ));
    }
}
