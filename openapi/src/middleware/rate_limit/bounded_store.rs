//! The counters of a rate limit: one for each client, in bounded memory.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use governor::{nanos::Nanos, state::StateStore};

/// Parts of the table, each under a lock of its own, so that threads rarely wait for each other.
const SHARDS: usize = 64;

/// What fits into a hash table of 2,048 places, which is at most seven eighths full.
const MAX_ENTRIES_PER_SHARD: usize = 1_792;

/// The maximum number of counters.
#[cfg(test)]
pub(super) const CAPACITY: usize = SHARDS * MAX_ENTRIES_PER_SHARD;

/// The counters of at most 114,688 clients. With an entry of 24 bytes, and one byte for each of 131,072 places, that is
/// at most 3.3 MB.
///
/// No two clients share a counter. If a shard is full, some of its clients are forgotten, which gives them back
/// their whole allowance: never is a client charged for another. An entry is the time at which the allowance of its
/// client is full again, and those with the earliest time are forgotten first. So the counters of clients that sent few
/// requests make room for those of clients near their limit.
pub(super) struct BoundedStore<Key> {
    shards: Box<[Mutex<Shard<Key>>]>,
    /// Cannot be predicted from outside, so an attacker cannot fill a shard of its choice.
    hasher: RandomState,
}

/// For each client, when its allowance is full again.
type Shard<Key> = HashMap<Key, Nanos>;

impl<Key> Default for BoundedStore<Key> {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl<Key: Eq + Hash> BoundedStore<Key> {
    /// A counter is read and written under the lock, and nothing in between can panic: a poisoned lock is safe to use.
    fn shard(&self, key: &Key) -> MutexGuard<'_, Shard<Key>> {
        let index = self.hasher.hash_one(key) as usize % SHARDS;
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Key: Copy + Eq + Hash> StateStore for BoundedStore<Key> {
    type Key = Key;

    fn measure_and_replace<T, F, E>(&self, key: &Key, count: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut shard = self.shard(key);

        if let Some(full_at) = shard.get_mut(key) {
            let (outcome, next) = count(Some(*full_at))?;
            *full_at = next;
            return Ok(outcome);
        }

        let (outcome, next) = count(None)?;
        if shard.len() >= MAX_ENTRIES_PER_SHARD {
            forget_a_quarter(&mut shard);
        }
        shard.insert(*key, next);
        Ok(outcome)
    }
}

/// Forgets the quarter of the clients whose allowance is full again, or will be first. Takes a few microseconds, once in
/// 448 new clients.
fn forget_a_quarter<Key: Eq + Hash>(shard: &mut Shard<Key>) {
    let mut times: Vec<Nanos> = shard.values().copied().collect();
    let quarter = times.len() / 4;
    let (_, &mut last_forgotten, _) = times.select_nth_unstable(quarter);

    // Into a new table: removals would leave marks behind, for which the old one grows.
    let remaining = mem::take(shard)
        .into_iter()
        .filter(|(_, full_at)| *full_at > last_forgotten);
    let mut table = HashMap::with_capacity(MAX_ENTRIES_PER_SHARD);
    table.extend(remaining);
    *shard = table;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts one request of this client, whose allowance is then full again at this time. Returns what was stored.
    fn count(store: &BoundedStore<u64>, client: u64, full_at: u64) -> Option<Nanos> {
        let counted = store.measure_and_replace(&client, |stored| Ok::<_, ()>((stored, Nanos::new(full_at))));
        counted.expect("no request is refused")
    }

    #[test]
    fn memory_is_bounded_however_many_clients_there_are() {
        let store = BoundedStore::default();
        for client in 0..2 * CAPACITY as u64 {
            count(&store, client, client);
        }

        for shard in &store.shards {
            let shard = shard.lock().expect("no test panicked");
            assert!((1_344..=MAX_ENTRIES_PER_SHARD).contains(&shard.len()));
            assert_eq!(shard.capacity(), MAX_ENTRIES_PER_SHARD, "the table has not grown");
        }
        assert_eq!(
            size_of::<(super::super::Client, Nanos)>(),
            24,
            "bytes of an entry"
        );
    }

    #[test]
    fn those_whose_allowance_is_full_first_are_forgotten_first() {
        let store = BoundedStore::default();
        let late = CAPACITY as u64 * 2;
        for client in 0..100 {
            count(&store, client, late + client);
        }

        for client in 100..late {
            count(&store, client, client);
        }

        for client in 0..100 {
            assert_eq!(count(&store, client, 0), Some(Nanos::new(late + client)));
        }
        assert_eq!(count(&store, 100, 0), None, "forgotten");
        assert!(count(&store, late - 1, 0).is_some(), "the newest is remembered");
    }
}
