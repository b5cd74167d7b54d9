//! Additions under idempotency keys.

use std::{collections::HashMap, sync::Arc};

use ::sea_orm::{DbErr, FromQueryResult, prelude::*};
use domain::IdempotentTweet;

use crate::tweet::{
    entity::Model,
    sea_orm::{ROWS_A_STATEMENT, insert},
    sql as statements,
};
use super::PoolGeneration;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    text: String,
    timestamp: DateTimeUtc,
    idempotency_key: String,
}

/// Stores those whose keys are new, all or none. Answers what is stored under the keys when that may be something else
/// than was given, which costs a second statement; else nothing.
pub(crate) async fn add_idempotent(
    pool: Arc<PoolGeneration>,
    tweets: &[IdempotentTweet],
) -> Result<HashMap<String, Model>, DbErr> {
    let mut new: Vec<&IdempotentTweet> = tweets.iter().collect();
    // In one order everywhere, so that two who insert the same keys at once do not wait for each other in a circle.
    // Stable, so that of one key the first stays.
    new.sort_by(|a, b| a.key.cmp(&b.key));
    new.dedup_by(|a, b| a.key == b.key);
    if insert(&pool, &new, statements::insert_idempotent).await? == tweets.len() as u64 {
        return Ok(HashMap::new());
    }
    let mut stored = HashMap::with_capacity(new.len());
    for chunk in new.chunks(ROWS_A_STATEMENT) {
        let keys = chunk.iter().map(|keyed| keyed.key.as_str());
        let statement = statements::find_keys(pool.database().get_database_backend(), keys);
        for Row {
            id,
            text,
            timestamp,
            idempotency_key,
        } in pool.read(statement).await?
        {
            stored.insert(idempotency_key, Model { id, text, timestamp });
        }
    }
    Ok(stored)
}
