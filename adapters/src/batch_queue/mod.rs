//! A queue whose calls share statements: what a `Batched` decorator is built from.
//!
//! The first call executes at once, as if there were no queue. Calls that arrive while its statement is in flight wait,
//! and share the next statement. So there is no timer, no delay under light load, and larger batches under heavier load.
//! One statement at a time: two were measured, and were smaller and cost the store more without returning sooner.

mod execute;
mod shared_statement;

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    hash::Hash,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::RepositoryError;
use tokio::{runtime::Handle, sync::oneshot};

pub(crate) use shared_statement::{ById, InOrder, SharedStatement, Whole};

/// The maximum number of items (ids or values) that share a statement. A call with more executes alone.
pub(crate) const MAX_BATCH_SIZE: usize = 256;

/// The maximum number of calls that wait in a queue. The service accepts fewer requests at once; this bounds the memory
/// all the same.
const MAX_QUEUE_LEN: usize = 10_000;

/// What `async_trait` methods return.
type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A method of a repository whose calls can share a statement.
pub(crate) trait Operation: Send + Sync + 'static {
    /// Only calls with equal keys share a statement.
    type Key: Clone + Eq + Hash + Send + Sync;
    /// What a call adds to the statement.
    type Item: Clone + Send + Sync;
    /// The result of a statement, and of a call.
    type Output: Send;

    /// Executes a statement for all of these items.
    fn execute<'a>(
        &'a self,
        key: &'a Self::Key,
        items: &'a [Self::Item],
    ) -> BoxFuture<'a, Result<Self::Output, RepositoryError>>;

    /// Returns a function that takes the items of each call of a batch, in order, and returns the part of the shared
    /// output that belongs to the call.
    fn divide(&self, output: Self::Output) -> impl FnMut(Vec<Self::Item>) -> Self::Output + Send;
}

/// Calls of one operation: for each key, one statement in flight and a queue of calls for the next one. A key is present
/// as long as its statement is in flight.
pub(crate) struct BatchQueue<O: Operation> {
    operation: O,
    yield_before_batch: bool,
    queues: Mutex<HashMap<O::Key, VecDeque<QueuedCall<O>>>>,
}

/// A call that waits for a shared statement.
struct QueuedCall<O: Operation> {
    items: Vec<O::Item>,
    result: oneshot::Sender<Result<O::Output, RepositoryError>>,
}

/// What a new call has to do.
enum Join<O: Operation> {
    /// Execute its own statement now, and drop this when the statement returns.
    Leader(Leader<O>),
    /// Wait for the result of a shared statement.
    Follower(oneshot::Receiver<Result<O::Output, RepositoryError>>),
    /// Fail: the queue is full.
    Rejected,
}

impl<O: Operation> BatchQueue<O> {
    /// An empty queue.
    pub(crate) fn new(operation: O) -> Arc<Self> {
        Arc::new(Self {
            operation,
            yield_before_batch: false,
            queues: Mutex::default(),
        })
    }

    /// An empty queue that yields to the scheduler once before it executes a batch, so that requests which are already
    /// readable on other sockets join it. That halves the store's work for each call, and costs nothing if there are
    /// none. For CPU-bound statements; commits take long enough for calls to accumulate anyway.
    pub(crate) fn yielding_before_batch(operation: O) -> Arc<Self> {
        Arc::new(Self {
            operation,
            yield_before_batch: true,
            queues: Mutex::default(),
        })
    }

    /// Makes a call: with a statement of its own if none is in flight, otherwise as part of the next one. It shares only
    /// statements that start after it.
    async fn call(self: &Arc<Self>, key: O::Key, items: &[O::Item]) -> Result<O::Output, RepositoryError> {
        match self.join(key, items) {
            Join::Leader(leader) => self.operation.execute(&leader.key, items).await,
            Join::Follower(result) => result.await.unwrap_or_else(|_| Err(execute::batch_dropped())),
            Join::Rejected => Err(execute::queue_full()),
        }
    }

    fn join(self: &Arc<Self>, key: O::Key, items: &[O::Item]) -> Join<O> {
        let mut queues = self.lock();

        match queues.entry(key) {
            Entry::Vacant(queue) => {
                let key = queue.key().clone();
                queue.insert(VecDeque::new());
                Join::Leader(Leader {
                    queue: Arc::clone(self),
                    key,
                    started: true,
                })
            }
            Entry::Occupied(queue) if queue.get().len() >= MAX_QUEUE_LEN => Join::Rejected,
            Entry::Occupied(mut queue) => {
                let (result, receiver) = oneshot::channel();
                queue.get_mut().push_back(QueuedCall {
                    items: items.to_vec(),
                    result,
                });
                Join::Follower(receiver)
            }
        }
    }

    /// Nothing that runs under the lock can leave the queues half changed, so a poisoned lock is safe to use.
    fn lock(&self) -> MutexGuard<'_, HashMap<O::Key, VecDeque<QueuedCall<O>>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether calls wait for the statement that just ended. If not, the key is removed.
    fn has_waiting_calls(&self, key: &O::Key) -> bool {
        let mut queues = self.lock();

        let waiting = queues.get(key).is_some_and(|queue| !queue.is_empty());
        if !waiting {
            queues.remove(key);
        }
        waiting
    }

    /// The calls of the next statement. Empty if all of them were dropped.
    fn next_batch(&self, key: &O::Key) -> Vec<QueuedCall<O>> {
        let mut queues = self.lock();
        let Some(queue) = queues.get_mut(key) else {
            return Vec::new();
        };

        let mut batch = Vec::new();
        let mut size = 0;
        while let Some(call) = queue.front() {
            size += call.items.len();
            if size > MAX_BATCH_SIZE && !batch.is_empty() {
                break;
            }
            // A call that was dropped while it waited is not executed.
            batch.extend(queue.pop_front().filter(|call| !call.result.is_closed()));
        }
        batch
    }
}

impl<O: Operation<Key = ()>> BatchQueue<O> {
    /// A call that is given by its items. One without items, or with more than a batch can hold, executes alone.
    pub(crate) async fn call_with_items(
        self: &Arc<Self>,
        items: &[O::Item],
    ) -> Result<O::Output, RepositoryError> {
        if items.is_empty() || items.len() > MAX_BATCH_SIZE {
            return self.operation.execute(&(), items).await;
        }
        self.call((), items).await
    }
}

impl<O: Operation<Item = ()>> BatchQueue<O> {
    /// A call that is given by its key: concurrent calls with equal keys share the same output.
    pub(crate) async fn call_with_key(self: &Arc<Self>, key: O::Key) -> Result<O::Output, RepositoryError> {
        self.call(key, &[]).await
    }
}

/// The right to execute statements with this key. When it is dropped, because its statement returned or its caller was
/// dropped, the next statement starts. It is dropped before the results of a batch are sent, so that the store need not
/// wait for that.
struct Leader<O: Operation> {
    queue: Arc<BatchQueue<O>>,
    key: O::Key,
    /// Whether the task that executes the statement runs. False in a task that the runtime dropped before its start.
    started: bool,
}

impl<O: Operation> Drop for Leader<O> {
    fn drop(&mut self) {
        // Without a runtime, or with one that shuts down, no further statement can be executed. Dropping the waiting
        // calls fails them.
        let runtime = Handle::try_current().ok().filter(|_| self.started);
        let Some(runtime) = runtime else {
            let _dropped_after_unlock = self.queue.lock().remove(&self.key);
            return;
        };

        if !self.queue.has_waiting_calls(&self.key) {
            return;
        }

        let next = Self {
            queue: Arc::clone(&self.queue),
            key: self.key.clone(),
            started: false,
        };
        // A task of its own, so that no caller that is dropped takes the others with it.
        runtime.spawn(next.execute_batch());
    }
}
