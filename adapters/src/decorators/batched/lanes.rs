//! Who goes now, who waits, and who goes next.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    hash::Hash,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{runtime::Handle, sync::oneshot};

use super::LARGEST_BATCH;

/// How many calls may wait in a lane. The service takes fewer requests at once; this bounds memory all the same.
const LONGEST_QUEUE: usize = 10_000;

type Serve<K, I, O> =
    Box<dyn Fn(K, Vec<Waiting<I, O>>) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A call that waits for its turn, and where to send its answer.
pub(super) struct Waiting<I, O> {
    pub(super) item: I,
    pub(super) answer: oneshot::Sender<O>,
}

/// Lanes of calls, one a key. In each, at most `width` statements are under way.
pub(super) struct Lanes<K, I, O> {
    lanes: Mutex<HashMap<K, Lane<I, O>>>,
    width: usize,
    weight: fn(&I) -> usize,
    serve: Serve<K, I, O>,
}

struct Lane<I, O> {
    under_way: usize,
    waiting: VecDeque<Waiting<I, O>>,
}

/// What a call may do.
pub(super) enum Turn<K: Key, I: Send + 'static, O: Send + 'static> {
    /// Go alone, now, and keep this until the statement has returned.
    Now(UnderWay<K, I, O>),
    /// Wait; somebody else's task makes the statement.
    Later(oneshot::Receiver<O>),
    /// There is no room to wait.
    Never,
}

pub(super) trait Key: Clone + Eq + Hash + Send + 'static {}
impl<K: Clone + Eq + Hash + Send + 'static> Key for K {}

impl<K: Key, I: Send + 'static, O: Send + 'static> Lanes<K, I, O> {
    pub(super) fn new(
        width: usize,
        weight: fn(&I) -> usize,
        serve: impl Fn(K, Vec<Waiting<I, O>>) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let lanes = Mutex::default();
        Arc::new(Self { lanes, width, weight, serve: Box::new(serve) })
    }

    pub(super) fn turn(self: &Arc<Self>, key: K, item: impl FnOnce() -> I) -> Turn<K, I, O> {
        let mut lanes = self.lock();
        let lane =
            lanes.entry(key.clone()).or_insert_with(|| Lane { under_way: 0, waiting: VecDeque::new() });
        if lane.under_way < self.width {
            lane.under_way += 1;
            return Turn::Now(UnderWay { lanes: Arc::clone(self), key });
        }
        if lane.waiting.len() >= LONGEST_QUEUE {
            return Turn::Never;
        }
        let (answer, receiver) = oneshot::channel();
        lane.waiting.push_back(Waiting { item: item(), answer });
        Turn::Later(receiver)
    }

    /// Nothing runs under the lock that could panic half-way.
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Lane<I, O>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those who go next, or nobody, and then the lane has one statement less under way.
    fn next(&self, key: &K) -> Vec<Waiting<I, O>> {
        let mut lanes = self.lock();
        let Entry::Occupied(mut entry) = lanes.entry(key.clone()) else { return Vec::new() };
        let lane = entry.get_mut();
        let mut batch = Vec::new();
        let mut weight = 0;
        while let Some(waiting) = lane.waiting.front() {
            weight += (self.weight)(&waiting.item);
            if weight > LARGEST_BATCH && !batch.is_empty() {
                break;
            }
            // Who lost interest while waiting has nothing done in their name.
            batch.extend(lane.waiting.pop_front().filter(|waiting| !waiting.answer.is_closed()));
        }
        if batch.is_empty() {
            lane.under_way -= 1;
            if lane.under_way == 0 {
                entry.remove();
            }
        }
        batch
    }
}

/// A statement under way. When it ends, by returning or because its caller lost interest, the next one begins.
pub(super) struct UnderWay<K: Key, I: Send + 'static, O: Send + 'static> {
    lanes: Arc<Lanes<K, I, O>>,
    key: K,
}

impl<K: Key, I: Send + 'static, O: Send + 'static> Drop for UnderWay<K, I, O> {
    fn drop(&mut self) {
        let batch = self.lanes.next(&self.key);
        // Without a runtime nobody can wait for an answer either; dropping the batch tells them.
        if let (false, Ok(runtime)) = (batch.is_empty(), Handle::try_current()) {
            let next = Self { lanes: Arc::clone(&self.lanes), key: self.key.clone() };
            // A task of its own, so that no caller's interest decides over the others'.
            runtime.spawn(async move {
                (next.lanes.serve)(next.key.clone(), batch).await;
                drop(next);
            });
        }
    }
}
