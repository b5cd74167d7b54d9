//! What a `Replicated` decorator is built from.

use std::{collections::HashSet, fmt, sync::Arc, time::Instant};

use domain::{Id, RepositoryError, chain_of_causes};
use tokio::task::JoinHandle;

use super::state::State;

/// Whether to ask the replica, and what its results mean. Cheap to clone.
#[derive(Clone)]
pub struct ReplicaReads {
    pub(super) state: Arc<State>,
    /// Ends with the last clone.
    _monitor: Option<Arc<AbortOnDrop>>,
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl fmt::Debug for ReplicaReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReplicaReads").field(&self.state).finish()
    }
}

impl ReplicaReads {
    pub(super) fn watched(state: Arc<State>, monitor: JoinHandle<()>) -> Self {
        Self {
            state,
            _monitor: Some(Arc::new(AbortOnDrop(monitor))),
        }
    }

    /// What the replica is known to have, before it is asked; `None` if it must not be asked now.
    pub fn view(&self) -> Option<View<'_>> {
        let (session, complete_below) = self.state.view(Instant::now())?;

        Some(View {
            state: &self.state,
            session,
            complete_below,
        })
    }
}

/// What a replica was known to have at some moment. It holds for reads that start after that.
#[derive(Debug)]
pub struct View<'a> {
    state: &'a State,
    session: u64,
    complete_below: u128,
}

impl View<'_> {
    /// Whether the replica has the item with this id, if it is stored.
    pub fn covers<T>(&self, id: Id<T>) -> bool {
        id.as_u128() < self.complete_below
    }

    /// Whether the replica has every stored item with a smaller id.
    pub fn covers_all_before<T>(&self, id: Id<T>) -> bool {
        id.as_u128() <= self.complete_below
    }

    /// Those of `ids` that were not found, and that the replica need not have although they are stored.
    pub fn undecided<T>(&self, ids: &[Id<T>], found: impl Iterator<Item = Id<T>>) -> Vec<Id<T>> {
        let found: HashSet<_> = found.collect();

        let undecided = ids.iter().filter(|id| !found.contains(id) && !self.covers(**id));
        undecided.copied().collect()
    }

    /// The result of a call to the replica. `None` if it failed, which leaves the replica out for a while, or if the
    /// replica is not the same any more.
    pub async fn read<T>(&self, call: impl Future<Output = Result<T, RepositoryError>>) -> Option<T> {
        match call.await {
            Ok(result) => self.state.confirm(self.session).then_some(result),
            Err(error) => {
                let reason = chain_of_causes(&error);
                self.state.record_failure(self.session, reason, Instant::now());
                None
            }
        }
    }
}

/// What tests use instead of a replica that is watched.
#[cfg(feature = "testing")]
impl ReplicaReads {
    /// A replica that is complete below this id, for longer than any test takes.
    pub fn complete_below<T>(id: Id<T>) -> Self {
        use super::horizon::Horizon;

        let reads = Self {
            state: Arc::default(),
            _monitor: None,
        };
        let now = Instant::now();
        let horizon = Horizon {
            complete_below: id.as_u128(),
            taken: now + std::time::Duration::from_secs(3600),
        };
        reads.state.offer("a test", Some(horizon), now);
        reads
    }

    /// The replica is given up, as when its server is gone.
    pub fn give_up(&self) {
        self.state.withdraw("part of a test".to_owned());
    }

    /// Whether the replica is used.
    pub fn is_used(&self) -> bool {
        self.state.is_used()
    }
}
