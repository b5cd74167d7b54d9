//! A queue whose calls share statements: what a `Batched` decorator is built from.
//!
//! The first call executes at once, as if there were no queue. Calls that arrive while its statement is in flight wait,
//! and share the next statement. So there is no timer, no delay under light load, and larger batches under heavier load.
//! One statement at a time. Two concurrent statements were tried: batches shrank, the store worked more, and no call
//! returned sooner.

pub mod distribute;
mod execute;
pub mod sizes;

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    hash::Hash,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::RepositoryError;
use opentelemetry::{Context, metrics::BoundHistogram};
use tokio::{runtime::Handle, sync::oneshot};

use crate::traced;

/// The maximum number of items (ids or values) that share a statement. A call with more executes alone.
pub const MAX_BATCH_SIZE: usize = 256;

/// The maximum number of calls that wait in a queue. The service accepts fewer requests at once; this bounds the memory
/// all the same.
const MAX_QUEUE_LEN: usize = 10_000;

/// A method of a repository that takes a key and items. The type is that of `async_trait` methods, so that
/// `|store, (), items| store.add(items)` is one.
type Method<Repository, Key, Item, Output> =
    for<'a> fn(
        &'a Repository,
        &'a Key,
        &'a [Item],
    ) -> Pin<Box<dyn Future<Output = Result<Output, RepositoryError>> + Send + 'a>>;

/// Sends each call of a batch, in order, its part of the statement's output. See [`distribute`].
type Distribute<Item, Output> = fn(Output, Vec<QueuedCall<Item, Output>>);

/// The calls of one method of a repository. For each key there is one statement in flight, and a queue of calls for the
/// next one. Calls with equal keys share statements; their items are joined.
pub struct BatchQueue<Repository, Key, Item, Output> {
    repository: Arc<Repository>,
    method: Method<Repository, Key, Item, Output>,
    distribute: Distribute<Item, Output>,
    batch_start: BatchStart,
    /// For each statement, the number of calls that shared it.
    sizes: BoundHistogram<u64>,
    /// A key is present as long as its statement is in flight.
    queues: Mutex<HashMap<Key, WaitingCalls<Item, Output>>>,
}

/// The calls that wait for the next statement with a key.
type WaitingCalls<Item, Output> = VecDeque<QueuedCall<Item, Output>>;

/// When a batch starts after the previous one ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum BatchStart {
    /// At once. For commits, which take long enough for calls to accumulate.
    Immediate,
    /// After one yield to the scheduler, so that requests which are already readable on other sockets join the batch.
    /// That halves the store's work for each call, and costs nothing if there are none. For CPU-bound statements.
    AfterYield,
}

/// A call that waits for a shared statement.
pub struct QueuedCall<Item, Output> {
    items: Vec<Item>,
    /// The span of the request that made it, if there is one.
    caller: Option<Context>,
    result: oneshot::Sender<Result<Output, RepositoryError>>,
}

/// What a new call has to do.
enum Join<Output> {
    /// Execute its own statement now.
    Lead,
    /// Wait for the result of a shared statement.
    Follow(oneshot::Receiver<Result<Output, RepositoryError>>),
    /// Fail: the queue is full.
    Reject,
}

impl<Repository, Key, Item, Output> BatchQueue<Repository, Key, Item, Output>
where
    Repository: Send + Sync + 'static,
    Key: Clone + Eq + Hash + Send + Sync + 'static,
    Item: Clone + Send + Sync + 'static,
    Output: Send + 'static,
{
    /// An empty queue for the calls of this method.
    pub fn new(
        repository: &Arc<Repository>,
        sizes: BoundHistogram<u64>,
        batch_start: BatchStart,
        method: Method<Repository, Key, Item, Output>,
        distribute: Distribute<Item, Output>,
    ) -> Arc<Self> {
        Arc::new(Self {
            repository: Arc::clone(repository),
            method,
            distribute,
            batch_start,
            sizes,
            queues: Mutex::default(),
        })
    }

    /// Makes a call: with a statement of its own if none with this key is in flight, otherwise as part of the next one.
    /// It shares only statements that start after it.
    pub async fn call(self: &Arc<Self>, key: Key, items: &[Item]) -> Result<Output, RepositoryError> {
        if items.len() > MAX_BATCH_SIZE {
            return self.execute(&key, items, 1).await;
        }

        match self.join(&key, items) {
            Join::Lead => {
                let leader = Leader {
                    queue: Arc::clone(self),
                    key,
                    started: true,
                };
                self.execute(&leader.key, items, 1).await
            }
            Join::Follow(result) => result.await.unwrap_or_else(|_| Err(execute::batch_dropped())),
            Join::Reject => Err(execute::queue_full()),
        }
    }

    fn join(&self, key: &Key, items: &[Item]) -> Join<Output> {
        let mut queues = self.lock();

        match queues.entry(key.clone()) {
            Entry::Vacant(queue) => {
                queue.insert(VecDeque::new());
                Join::Lead
            }
            Entry::Occupied(queue) if queue.get().len() >= MAX_QUEUE_LEN => Join::Reject,
            Entry::Occupied(mut queue) => {
                let (result, receiver) = oneshot::channel();
                queue.get_mut().push_back(QueuedCall {
                    items: items.to_vec(),
                    caller: traced::current_caller(),
                    result,
                });
                Join::Follow(receiver)
            }
        }
    }

    /// Executes a statement that this many calls share.
    async fn execute(&self, key: &Key, items: &[Item], calls: usize) -> Result<Output, RepositoryError> {
        self.sizes.record(calls as u64);
        (self.method)(&self.repository, key, items).await
    }

    /// Nothing that runs under the lock can leave the queues half changed, so a poisoned lock is safe to use.
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, WaitingCalls<Item, Output>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether calls wait for the statement that just ended. If not, the key is removed.
    fn has_waiting_calls(&self, key: &Key) -> bool {
        let mut queues = self.lock();

        let waiting = queues.get(key).is_some_and(|queue| !queue.is_empty());
        if !waiting {
            queues.remove(key);
        }
        waiting
    }

    /// The calls of the next statement. Empty if all of them were dropped.
    fn next_batch(&self, key: &Key) -> Vec<QueuedCall<Item, Output>> {
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
            batch.extend(queue.pop_front().filter(|call| !call.is_dropped()));
        }
        batch
    }
}

/// Holding a `Leader` means that this key's statement is in flight. Dropping it starts the next one: when the statement
/// returned, or when its caller was dropped.
struct Leader<Repository, Key, Item, Output>
where
    Repository: Send + Sync + 'static,
    Key: Clone + Eq + Hash + Send + Sync + 'static,
    Item: Clone + Send + Sync + 'static,
    Output: Send + 'static,
{
    queue: Arc<BatchQueue<Repository, Key, Item, Output>>,
    key: Key,
    /// Set once the task is polled; still false if the runtime drops the task first.
    started: bool,
}

impl<Repository, Key, Item, Output> Drop for Leader<Repository, Key, Item, Output>
where
    Repository: Send + Sync + 'static,
    Key: Clone + Eq + Hash + Send + Sync + 'static,
    Item: Clone + Send + Sync + 'static,
    Output: Send + 'static,
{
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
