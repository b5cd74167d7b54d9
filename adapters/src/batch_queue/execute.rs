//! Executing a batch, and sending each call its result.

use std::sync::Arc;

use domain::{BoxedSource, RepositoryError};
use tokio::task::yield_now;

use super::{Leader, Operation, QueuedCall};

impl<O: Operation> Leader<O> {
    /// Executes the next batch. If its statement fails, the calls are executed individually where that may help, so that
    /// one bad item fails only its own call.
    pub(super) async fn execute_batch(mut self) {
        self.started = true;
        if self.queue.yield_before_batch {
            yield_now().await;
        }

        let queue = Arc::clone(&self.queue);
        let batch = queue.next_batch(&self.key);
        if batch.is_empty() {
            return;
        }

        let items: Vec<_> = batch.iter().flat_map(|call| &call.items).cloned().collect();
        match queue.operation.execute(&self.key, &items).await {
            Ok(output) => {
                drop(self);
                send_parts(&queue.operation, output, batch);
            }
            // Calls without items are identical, so none of them can be the bad one.
            Err(error) if batch.len() > 1 && !items.is_empty() && worth_retrying_individually(&error) => {
                for call in batch {
                    let result = queue.operation.execute(&self.key, &call.items).await;
                    let _ = call.result.send(result);
                }
            }
            Err(error) => {
                drop(self);
                for call in batch {
                    let _ = call.result.send(Err(error.clone()));
                }
            }
        }
    }
}

/// Sends each call its part of the output. A call that was dropped does not receive it.
fn send_parts<O: Operation>(operation: &O, output: O::Output, batch: Vec<QueuedCall<O>>) {
    let mut part = operation.divide(output);

    for call in batch {
        let _ = call.result.send(Ok(part(call.items)));
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
