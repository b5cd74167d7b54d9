//! Insertion under idempotency keys.

use std::collections::HashMap;

use domain::{Idempotent, RepositoryError};
use sea_orm::{DbErr, FromQueryResult, QueryResult};

use super::{
    resilient_pool::PoolGeneration,
    table::{IDEMPOTENCY_KEY, Table},
};

/// The outcome of [`insert`].
pub(crate) enum Insertion<Row> {
    /// All items were inserted.
    All,
    /// Some keys were stored before, or occur twice. The row that is stored under each key.
    Partial(HashMap<String, Row>),
}

impl<Row> Insertion<Row> {
    /// The items that are stored under the keys of `items`, in the same order. `items` are those of the insertion.
    pub(crate) fn stored<T>(self, items: &[Idempotent<T>]) -> Result<Vec<T>, RepositoryError>
    where
        T: Clone + TryFrom<Row, Error = RepositoryError>,
        Row: Clone,
    {
        let rows = match self {
            Self::All => HashMap::new(),
            Self::Partial(rows) => rows,
        };

        let stored = |new: &Idempotent<T>| match rows.get(new.key.as_str()) {
            Some(row) => T::try_from(row.clone()),
            // It was inserted as it is.
            None => Ok(new.item.clone()),
        };
        items.iter().map(stored).collect()
    }
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

/// Inserts the items whose keys are new, all or none. If every item was inserted, that is one statement. Otherwise a
/// second one reads the row stored under each key.
pub(crate) async fn insert<T, Row: FromQueryResult>(
    pool: &PoolGeneration,
    table: &Table<T>,
    items: &[Idempotent<T>],
) -> Result<Insertion<Row>, DbErr> {
    let max_rows = table.max_rows_per_statement();

    // Every process inserts in the order of the keys, so that two that insert the same keys do not deadlock. The sort is
    // stable: of several items with one key, the first stays.
    let mut new: Vec<&Idempotent<T>> = items.iter().collect();
    new.sort_by(|a, b| a.key.cmp(&b.key));
    new.dedup_by(|a, b| a.key == b.key);

    let inserted = pool
        .execute_chunked(&new, max_rows, |backend, items| {
            table.insert_idempotent(backend, items)
        })
        .await?;
    if inserted == items.len() as u64 {
        return Ok(Insertion::All);
    }

    let rows: Vec<IdempotentRow<Row>> = pool
        .read_chunked(&new, max_rows, |backend, items| {
            table.find_by_keys(backend, items)
        })
        .await?;
    let by_key = rows.into_iter().map(|stored| (stored.key, stored.row)).collect();
    Ok(Insertion::Partial(by_key))
}
