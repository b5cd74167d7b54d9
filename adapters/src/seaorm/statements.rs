//! The statements. On PostgreSQL each has one text whatever the size of the batch, so that it is prepared once a
//! connection; SQLite prepares cheaply and has no arrays, and gets values lists.

use domain::{Tweet, TweetId};
use sea_orm::{
    ColumnTrait, DatabaseBackend, EntityTrait, QueryFilter, QueryTrait, Statement, Value,
    sea_query::ArrayType,
};

use super::entity::{ActiveModel, Column, Entity, uuid};

const INSERT: &str =
    "insert into tweet (id, text, timestamp) select * from unnest($1::uuid[], $2::text[], $3::timestamptz[])";
const FIND: &str = "select id, text, timestamp from tweet where id = any($1::uuid[])";
const FIRST_PAGE: &str = "select id, text, timestamp from tweet order by id desc limit $1";
/// Keyset, not offset: an index range scan whose cost does not grow with the depth of the page.
const NEXT_PAGE: &str = "select id, text, timestamp from tweet where id < $1 order by id desc limit $2";

pub(super) fn insert(backend: DatabaseBackend, tweets: &[Tweet]) -> Statement {
    if backend != DatabaseBackend::Postgres {
        return Entity::insert_many(tweets.iter().map(ActiveModel::from)).build(backend);
    }
    let column = |value: fn(&Tweet) -> Value| tweets.iter().map(value).collect::<Vec<_>>();
    Statement::from_sql_and_values(
        backend,
        INSERT,
        [
            array(ArrayType::Uuid, column(|tweet| uuid(tweet.id).into())),
            array(ArrayType::String, column(|tweet| tweet.text.as_str().into())),
            array(ArrayType::ChronoDateTimeUtc, column(|tweet| tweet.timestamp.into())),
        ],
    )
}

pub(super) fn find(backend: DatabaseBackend, ids: impl Iterator<Item = TweetId>) -> Statement {
    let ids = ids.map(uuid);
    if backend != DatabaseBackend::Postgres {
        return Entity::find().filter(Column::Id.is_in(ids)).build(backend);
    }
    Statement::from_sql_and_values(backend, FIND, [array(ArrayType::Uuid, ids.map(Value::from).collect())])
}

/// SQLite takes the same texts here, `$1` and all.
pub(super) fn latest(backend: DatabaseBackend, before: Option<TweetId>, limit: usize) -> Statement {
    let limit = Value::from(i64::try_from(limit).unwrap_or(i64::MAX));
    match before {
        None => Statement::from_sql_and_values(backend, FIRST_PAGE, [limit]),
        Some(before) => Statement::from_sql_and_values(backend, NEXT_PAGE, [uuid(before).into(), limit]),
    }
}

fn array(element: ArrayType, values: Vec<Value>) -> Value {
    Value::Array(element, Some(Box::new(values)))
}
