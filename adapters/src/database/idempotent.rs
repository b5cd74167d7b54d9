//! Insertion under idempotency keys.

use std::collections::HashMap;

use domain::Idempotent;
use sea_orm::{DbErr, FromQueryResult, QueryResult};

use super::{
    resilient_pool::PoolGeneration,
    table::{IDEMPOTENCY_KEY, Table},
};

/// A row and its key.
struct IdempotentRow<M> {
    row: M,
    key: String,
}

impl<M: FromQueryResult> FromQueryResult for IdempotentRow<M> {
    fn from_query_result(result: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            row: M::from_query_result(result, prefix)?,
            key: result.try_get(prefix, IDEMPOTENCY_KEY)?,
        })
    }
}

/// Inserts the items whose keys are new, all or none. Returns an empty map if that were all of them; otherwise the
/// stored row of every key, which costs a second statement.
pub(crate) async fn insert<T, M: FromQueryResult, const N: usize>(
    pool: &PoolGeneration,
    table: &Table<T, N>,
    items: &[Idempotent<T>],
) -> Result<HashMap<String, M>, DbErr> {
    let max_rows = Table::<T, N>::MAX_ROWS_PER_STATEMENT;

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
        return Ok(HashMap::new());
    }

    let rows: Vec<IdempotentRow<M>> = pool
        .read_chunked(&new, max_rows, |backend, items| {
            table.find_by_keys(backend, items)
        })
        .await?;
    Ok(rows.into_iter().map(|stored| (stored.key, stored.row)).collect())
}
