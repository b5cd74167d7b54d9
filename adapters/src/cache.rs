//! A cache of immutable items: what a `Cached` decorator is built from.

use domain::Id;
use quick_cache::{Weighter, sync};

/// An item that never changes once it is stored.
pub(crate) trait CacheItem: Clone {
    /// An assumption about [`heap_bytes`](Self::heap_bytes), for the initial size of the cache's tables.
    const TYPICAL_HEAP_BYTES: usize;

    /// The id under which the item is cached.
    fn id(&self) -> Id<Self>;

    /// The bytes that the item takes on the heap, without the allocator's overhead.
    fn heap_bytes(&self) -> usize;
}

/// Bytes that the cache needs for each entry besides its id and item.
const OVERHEAD_BYTES: usize = 96;

/// Items by id, up to a number of bytes.
pub(crate) struct Cache<T: CacheItem>(sync::Cache<Id<T>, T, Bytes>);

#[derive(Clone)]
struct Bytes;

impl<T: CacheItem> Weighter<Id<T>, T> for Bytes {
    fn weight(&self, _: &Id<T>, item: &T) -> u64 {
        entry_bytes::<T>(item.heap_bytes())
    }
}

fn entry_bytes<T>(heap_bytes: usize) -> u64 {
    (size_of::<Id<T>>() + size_of::<T>() + OVERHEAD_BYTES + heap_bytes) as u64
}

impl<T: CacheItem> Cache<T> {
    /// A cache of about this many bytes.
    pub(crate) fn new(max_bytes: u64) -> Self {
        let items = max_bytes / entry_bytes::<T>(T::TYPICAL_HEAP_BYTES);
        let items = usize::try_from(items).unwrap_or(usize::MAX);

        Self(sync::Cache::with_weighter(items, max_bytes, Bytes))
    }

    /// The cached items with these ids, each once, and the ids that are not cached.
    pub(crate) fn lookup(&self, ids: &[Id<T>]) -> (Vec<T>, Vec<Id<T>>) {
        // Nearly every lookup is for one id: no copy of the ids, no sorting.
        if let [id] = ids
            && let Some(item) = self.0.get(id)
        {
            return (vec![item], Vec::new());
        }

        let mut missing = ids.to_vec();
        missing.sort_unstable();
        missing.dedup();

        let mut found = Vec::with_capacity(missing.len());
        missing.retain(|id| match self.0.get(id) {
            Some(item) => {
                found.push(item);
                false
            }
            None => true,
        });
        (found, missing)
    }

    /// Caches items that the store returned or acknowledged.
    pub(crate) fn insert(&self, items: &[T]) {
        for item in items {
            self.0.insert(item.id(), item.clone());
        }
    }
}
