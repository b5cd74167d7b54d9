//! Executing a batch, and the errors of its calls.

use std::{hash::Hash, sync::Arc};

use domain::{BoxedSource, RepositoryError};
use opentelemetry::context::FutureExt;
use tokio::task::yield_now;

use super::{BatchStart, Leader};
use crate::traced;

impl<Repository, Key, Item, Output> Leader<Repository, Key, Item, Output>
where
    Repository: Send + Sync + 'static,
    Key: Clone + Eq + Hash + Send + Sync + 'static,
    Item: Clone + Send + Sync + 'static,
    Output: Send + 'static,
{
    /// Executes the next batch. If its statement fails, the calls are executed individually where that may help, so that
    /// one bad item fails only its own call.
    pub(super) async fn execute_batch(mut self) {
        self.started = true;
        let queue = Arc::clone(&self.queue);
        if queue.batch_start == BatchStart::AfterYield {
            yield_now().await;
        }

        let batch = queue.next_batch(&self.key);
        if batch.is_empty() {
            return;
        }

        let items: Vec<_> = batch.iter().flat_map(|call| &call.items).cloned().collect();
        let callers = batch.iter().filter_map(|call| call.caller.clone()).collect();
        let context = traced::context_of(callers, batch.len());
        let execution = queue.execute(&self.key, &items, batch.len());

        match execution.with_context(context).await {
            Ok(output) => {
                // Starts the next statement first: the store need not wait until the results are sent.
                drop(self);
                (queue.distribute)(output, batch);
            }
            // Calls without items are identical, so none of them can be the bad one.
            Err(error) if batch.len() > 1 && !items.is_empty() && worth_retrying_individually(&error) => {
                for call in batch {
                    // A request may have ended meanwhile. Nothing is stored for it later than its timeout.
                    if call.is_dropped() {
                        continue;
                    }
                    let context = call.caller.clone().unwrap_or_default();
                    let execution = queue.execute(&self.key, &call.items, 1);
                    let result = execution.with_context(context).await;
                    call.send(result);
                }
            }
            Err(error) => {
                drop(self);
                for call in batch {
                    call.send(Err(error.clone()));
                }
            }
        }
    }
}

/// Whether one bad item may have failed the batch. A store that is unavailable or slow must not get more calls, and what
/// it did with the batch is unknown.
fn worth_retrying_individually(error: &RepositoryError) -> bool {
    matches!(
        error,
        RepositoryError::Conflict | RepositoryError::Internal { .. }
    )
}

pub(super) fn queue_full() -> RepositoryError {
    unavailable("too many calls wait for the store")
}

/// The runtime that would have executed the batch shut down.
pub(super) fn batch_dropped() -> RepositoryError {
    unavailable("the batch of this call was dropped")
}

fn unavailable(reason: &'static str) -> RepositoryError {
    let source: BoxedSource = Arc::from(Box::from(reason));
    RepositoryError::Unavailable { source }
}
