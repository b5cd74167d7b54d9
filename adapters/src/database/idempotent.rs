//! Insertion under idempotency keys.

use std::collections::HashMap;

use domain::{Idempotent, RepositoryError};
use sea_orm::{DbErr, FromQueryResult, QueryResult};

use super::{
    resilient_pool::PoolGeneration,
    stored_key::StoredKey,
    table::{IDEMPOTENCY_KEY, Table},
};

/// The outcome of [`insert`].
pub enum Insertion<Row> {
    /// All items were inserted.
    All,
    /// Some keys were stored before, or occur twice. The row that is stored under each key.
    Partial(HashMap<String, Row>),
}

impl<Row> Insertion<Row> {
    /// The items that are stored under the keys of `items`, in the same order. `items` are those of the insertion.
    pub fn stored<T>(self, items: &[Idempotent<T>]) -> Result<Vec<T>, RepositoryError>
    where
        T: Clone + TryFrom<Row, Error = RepositoryError>,
        Row: Clone,
    {
        let rows = match self {
            Self::All => return Ok(items.iter().map(|new| new.item.clone()).collect()),
            Self::Partial(rows) => rows,
        };

        let stored = |new: &Idempotent<T>| {
            let key = StoredKey::new(&new.key);
            match rows.get(&key.owned).or_else(|| rows.get(key.former)) {
                Some(row) => T::try_from(row.clone()),
                // It was inserted as it is.
                None => Ok(new.item.clone()),
            }
        };
        items.iter().map(stored).collect()
    }
}

/// An item to insert, and its key as the table holds it.
pub struct Keyed<'a, T> {
    /// The item.
    pub item: &'a T,
    /// Its key.
    pub key: StoredKey<'a>,
}

/// A row and its key.
struct IdempotentRow<Row> {
    row: Row,
    key: String,
}

impl<Row: FromQueryResult> FromQueryResult for IdempotentRow<Row> {
    fn from_query_result(result: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            row: Row::from_query_result(result, prefix)?,
            key: result.try_get(prefix, IDEMPOTENCY_KEY)?,
        })
    }
}

/// The items to insert, each key once: of several items with one key, the first.
///
/// Every process inserts in the order of the keys, so that two that insert the same keys do not deadlock.
pub fn keyed<T>(items: &[Idempotent<T>]) -> Vec<Keyed<'_, T>> {
    let keyed = items.iter().map(|Idempotent { item, key }| Keyed {
        item,
        key: StoredKey::new(key),
    });
    let mut keyed: Vec<_> = keyed.collect();

    // Stable: of several items with one key, the first stays first.
    keyed.sort_by(|a, b| a.key.owned.cmp(&b.key.owned));
    keyed.dedup_by(|a, b| a.key.owned == b.key.owned);
    keyed
}

/// Inserts the items whose keys are new, all or none. `count` is their number before [`keyed`]. If every item was
/// inserted, that is one statement. Otherwise a second one reads the row stored under each key.
pub async fn insert<T, Row: FromQueryResult>(
    pool: &PoolGeneration,
    table: &Table<T>,
    items: &[Keyed<'_, T>],
    count: usize,
) -> Result<Insertion<Row>, DbErr> {
    let max_rows = table.max_rows_per_statement();

    let inserted = pool
        .execute_chunked(items, max_rows, |backend, items| {
            table.insert_idempotent(backend, items)
        })
        .await?;
    if inserted == count as u64 {
        return Ok(Insertion::All);
    }

    let rows: Vec<IdempotentRow<Row>> = pool
        .read_chunked(items, max_rows, |backend, items| {
            table.find_by_keys(backend, items)
        })
        .await?;
    let by_key = rows.into_iter().map(|stored| (stored.key, stored.row)).collect();
    Ok(Insertion::Partial(by_key))
}
