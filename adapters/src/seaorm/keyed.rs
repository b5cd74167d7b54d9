//! Additions under idempotency keys.

use std::collections::HashMap;

use domain::Keyed;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, FromQueryResult, TransactionTrait, prelude::*};

use super::{entity::Model, statements};

/// SQLite binds at most 32,766 values a statement; a tweet with its key is four.
const ROWS_A_STATEMENT: usize = 8_000;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    text: String,
    timestamp: DateTimeUtc,
    idempotency_key: String,
}

/// Stores those whose keys are new, all or none. Answers what is stored under the keys when that may be something else
/// than was given, which costs a second statement; else nothing.
pub(super) async fn add_once(
    database: DatabaseConnection,
    tweets: &[Keyed],
) -> Result<HashMap<String, Model>, DbErr> {
    let mut new: Vec<&Keyed> = tweets.iter().collect();
    // In one order everywhere, so that two who insert the same keys at once do not wait for each other in a circle.
    // Stable, so that of one key the first stays.
    new.sort_by(|a, b| a.key.cmp(&b.key));
    new.dedup_by(|a, b| a.key == b.key);
    if insert(&database, &new).await? == tweets.len() as u64 {
        return Ok(HashMap::new());
    }
    let mut stored = HashMap::with_capacity(new.len());
    for chunk in new.chunks(ROWS_A_STATEMENT) {
        let keys = chunk.iter().map(|keyed| keyed.key.as_str());
        let statement = statements::find_keys(database.get_database_backend(), keys);
        for Row { id, text, timestamp, idempotency_key } in
            Row::find_by_statement(statement).all(&database).await?
        {
            stored.insert(idempotency_key, Model { id, text, timestamp });
        }
    }
    Ok(stored)
}

/// How many were inserted.
async fn insert(database: &DatabaseConnection, tweets: &[&Keyed]) -> Result<u64, DbErr> {
    let statement = |tweets| statements::insert_once(database.get_database_backend(), tweets);
    if tweets.len() <= ROWS_A_STATEMENT {
        return Ok(database.execute_raw(statement(tweets)).await?.rows_affected());
    }
    let transaction = database.begin().await?;
    let mut inserted = 0;
    for chunk in tweets.chunks(ROWS_A_STATEMENT) {
        inserted += transaction.execute_raw(statement(chunk)).await?.rows_affected();
    }
    transaction.commit().await?;
    Ok(inserted)
}
