//! A cache of immutable items: what a `Cached` decorator is built from.

use domain::Id;
use opentelemetry::{
    KeyValue,
    metrics::{BoundCounter, Meter},
};
use quick_cache::{Weighter, sync};

use crate::timed::COLLECTION;

/// An item that never changes once it is stored.
pub trait CacheItem: Clone {
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
pub struct Cache<T: CacheItem> {
    items: sync::Cache<Id<T>, T, Bytes>,
    hits: BoundCounter<u64>,
    misses: BoundCounter<u64>,
}

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
    /// A cache of about this many bytes for the items of a collection, with the counter `cache.lookups`: one for each id
    /// that is looked up, by `cache.result` (`hit` or `miss`) and `db.collection.name`.
    pub fn new(collection: &'static str, max_bytes: u64, meter: &Meter) -> Self {
        let items = max_bytes / entry_bytes::<T>(T::TYPICAL_HEAP_BYTES);
        let items = usize::try_from(items).unwrap_or(usize::MAX);

        let lookups = meter
            .u64_counter("cache.lookups")
            .with_unit("{lookup}")
            .with_description("Lookups of items by id in the cache.")
            .build();
        // The series, looked up once: a count is one atomic addition.
        let lookups_with = |result| {
            lookups.bind(&[
                KeyValue::new(COLLECTION, collection),
                KeyValue::new("cache.result", result),
            ])
        };

        let (hits, misses) = (lookups_with("hit"), lookups_with("miss"));
        // Both series exist from the start, so that a rate sees their first increase.
        hits.add(0);
        misses.add(0);

        Self {
            items: sync::Cache::with_weighter(items, max_bytes, Bytes),
            hits,
            misses,
        }
    }

    /// The cached items with these ids, each once, and the ids that are not cached.
    pub fn lookup(&self, ids: &[Id<T>]) -> (Vec<T>, Vec<Id<T>>) {
        // Nearly every lookup is for one id: no copy of the ids, no sorting.
        if let [id] = ids
            && let Some(item) = self.items.get(id)
        {
            self.hits.add(1);
            return (vec![item], Vec::new());
        }

        let mut missing = ids.to_vec();
        missing.sort_unstable();
        missing.dedup();

        let mut found = Vec::with_capacity(missing.len());
        missing.retain(|id| match self.items.get(id) {
            Some(item) => {
                found.push(item);
                false
            }
            None => true,
        });

        self.hits.add(found.len() as u64);
        self.misses.add(missing.len() as u64);
        (found, missing)
    }

    /// Caches items that the store returned or acknowledged.
    pub fn insert(&self, items: &[T]) {
        for item in items {
            self.items.insert(item.id(), item.clone());
        }
    }
}
