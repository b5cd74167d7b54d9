//! Who goes now, who waits, and who goes next.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    hash::Hash,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{runtime::Handle, sync::oneshot, task::yield_now};

/// The most ids or items that share a statement.
pub(crate) const LARGEST_BATCH: usize = 256;

/// How many calls may wait in a lane. The service takes fewer requests at once; this bounds memory all the same.
const LONGEST_QUEUE: usize = 10_000;

type Serve<K, I, O> = Box<dyn Fn(UnderWay<K, I, O>, Vec<Waiting<I, O>>) -> Served + Send + Sync>;
type Served = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A call that waits for its turn, and where to send its answer.
pub(crate) struct Waiting<I, O> {
    pub(crate) item: I,
    pub(crate) answer: oneshot::Sender<O>,
}

/// Lanes of calls, one a key. In each, one statement is under way; the lane exists as long as there is one.
pub(crate) struct Lanes<K: Key, I: Send + 'static, O: Send + 'static> {
    lanes: Mutex<HashMap<K, VecDeque<Waiting<I, O>>>>,
    weight: fn(&I) -> usize,
    gather: bool,
    serve: Serve<K, I, O>,
}

/// What a call may do.
pub(crate) enum Turn<K: Key, I: Send + 'static, O: Send + 'static> {
    /// Go alone, now, and keep this until the statement has returned.
    Now(UnderWay<K, I, O>),
    /// Wait; somebody else's task makes the statement.
    Later(oneshot::Receiver<O>),
    /// There is no room to wait.
    Never,
}

pub(crate) trait Key: Clone + Eq + Hash + Send + 'static {}
impl<K: Clone + Eq + Hash + Send + 'static> Key for K {}

impl<K: Key, I: Send + 'static, O: Send + 'static> Lanes<K, I, O> {
    /// `serve` makes the statement, lets go of the lane, and answers. With `gather`, requests that have arrived
    /// already, and only have to be read, come along: that halves what the store spends on each, and is over at once
    /// when there are none. It is for statements that cost the store work; while one waits for a disk, enough gather.
    pub(crate) fn new(
        weight: fn(&I) -> usize,
        gather: bool,
        serve: impl Fn(UnderWay<K, I, O>, Vec<Waiting<I, O>>) -> Served + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            lanes: Mutex::default(),
            weight,
            gather,
            serve: Box::new(serve),
        })
    }

    pub(crate) fn turn(self: &Arc<Self>, key: K, item: impl FnOnce() -> I) -> Turn<K, I, O> {
        let mut lanes = self.lock();
        match lanes.entry(key) {
            Entry::Vacant(lane) => {
                let key = lane.key().clone();
                lane.insert(VecDeque::new());
                Turn::Now(UnderWay {
                    lanes: Arc::clone(self),
                    key,
                    begun: true,
                })
            }
            Entry::Occupied(lane) if lane.get().len() >= LONGEST_QUEUE => Turn::Never,
            Entry::Occupied(mut lane) => {
                let (answer, receiver) = oneshot::channel();
                lane.get_mut().push_back(Waiting { item: item(), answer });
                Turn::Later(receiver)
            }
        }
    }

    /// Nothing runs under the lock that could panic half-way.
    fn lock(&self) -> MutexGuard<'_, HashMap<K, VecDeque<Waiting<I, O>>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody waits for the statement that just ended. If nobody does, the lane ends with it.
    fn is_awaited(&self, key: &K) -> bool {
        let mut lanes = self.lock();
        let awaited = lanes.get(key).is_some_and(|waiting| !waiting.is_empty());
        if !awaited {
            lanes.remove(key);
        }
        awaited
    }

    /// Those who go next; nobody, if all have lost interest.
    fn batch(&self, key: &K) -> Vec<Waiting<I, O>> {
        let mut lanes = self.lock();
        let Some(lane) = lanes.get_mut(key) else {
            return Vec::new();
        };
        let mut batch = Vec::new();
        let mut weight = 0;
        while let Some(waiting) = lane.front() {
            weight += (self.weight)(&waiting.item);
            if weight > LARGEST_BATCH && !batch.is_empty() {
                break;
            }
            // Who lost interest while waiting has nothing done in their name.
            batch.extend(lane.pop_front().filter(|waiting| !waiting.answer.is_closed()));
        }
        batch
    }
}

/// A statement under way. When it ends, by returning or because its caller lost interest, the next one begins: this is
/// let go of before those who shared the statement are answered, so that the store need not wait for that.
pub(crate) struct UnderWay<K: Key, I: Send + 'static, O: Send + 'static> {
    lanes: Arc<Lanes<K, I, O>>,
    pub(crate) key: K,
    /// Whether its task runs, or it needs none.
    begun: bool,
}

impl<K: Key, I: Send + 'static, O: Send + 'static> Drop for UnderWay<K, I, O> {
    fn drop(&mut self) {
        // A runtime that takes no task any more, or none at all: nobody can be served, and dropping tells them.
        let runtime = Handle::try_current().ok().filter(|_| self.begun);
        let Some(runtime) = runtime else {
            let _told = self.lanes.lock().remove(&self.key);
            return;
        };
        if !self.lanes.is_awaited(&self.key) {
            return;
        }
        let mut next = Self {
            lanes: Arc::clone(&self.lanes),
            key: self.key.clone(),
            begun: false,
        };
        // A task of its own, so that no caller's interest decides over the others'.
        runtime.spawn(async move {
            next.begun = true;
            if next.lanes.gather {
                yield_now().await;
            }
            let (lanes, batch) = (Arc::clone(&next.lanes), next.lanes.batch(&next.key));
            if !batch.is_empty() {
                (lanes.serve)(next, batch).await;
            }
        });
    }
}
