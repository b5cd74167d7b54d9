//! The statements. On PostgreSQL each has one text whatever the size of the batch, so that it is prepared once a
//! connection; SQLite prepares cheaply and has no arrays, and gets values lists.

use ::sea_orm::{
    ColumnTrait, DatabaseBackend, EntityTrait, QueryFilter, QueryTrait, Statement, Value,
    sea_query::ArrayType,
};
use domain::{IdempotentTweet, Tweet, TweetId};

use super::entity::{ActiveModel, Column, Entity, uuid};

const INSERT: &str =
    "insert into tweet (id, text, timestamp) select * from unnest($1::uuid[], $2::text[], $3::timestamptz[])";
/// The index is that of all tweets with a key. Only a stored key makes this skip a tweet; a stored id is an error.
const INSERT_ONCE: &str = "insert into tweet (id, text, timestamp, idempotency_key) \
    select * from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[]) \
    on conflict (idempotency_key) where idempotency_key is not null do nothing";
/// SQLite has one writer at a time, so nobody comes between the question and the insertion.
const UNLESS_KEYED: &str = "where not exists \
    (select 1 from tweet where idempotency_key = column4 and idempotency_key is not null)";
const FIND_KEYS: &str =
    "select id, text, timestamp, idempotency_key from tweet where idempotency_key is not null";
const FIND: &str = "select id, text, timestamp from tweet where id = any($1::uuid[])";
const FIRST_PAGE: &str = "select id, text, timestamp from tweet order by id desc limit $1";
/// Keyset, not offset: an index range scan whose cost does not grow with the depth of the page.
const NEXT_PAGE: &str = "select id, text, timestamp from tweet where id < $1 order by id desc limit $2";

pub(crate) fn insert(backend: DatabaseBackend, tweets: &[Tweet]) -> Statement {
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
            array(
                ArrayType::ChronoDateTimeUtc,
                column(|tweet| tweet.timestamp.into()),
            ),
        ],
    )
}

/// Inserts those whose keys are new.
pub(crate) fn insert_idempotent(backend: DatabaseBackend, tweets: &[&IdempotentTweet]) -> Statement {
    let values = |IdempotentTweet { item: tweet, key }: &IdempotentTweet| -> [Value; 4] {
        [
            uuid(tweet.id).into(),
            tweet.text.as_str().into(),
            tweet.timestamp.into(),
            key.as_str().into(),
        ]
    };
    if backend != DatabaseBackend::Postgres {
        let rows = vec!["(?, ?, ?, ?)"; tweets.len()].join(", ");
        let columns = "id, text, timestamp, idempotency_key";
        let sql = format!("insert into tweet ({columns}) select * from (values {rows}) {UNLESS_KEYED}");
        return Statement::from_sql_and_values(backend, sql, tweets.iter().copied().flat_map(values));
    }
    let mut columns = [const { Vec::new() }; 4];
    for value in tweets.iter().copied().map(values) {
        columns
            .iter_mut()
            .zip(value)
            .for_each(|(column, value)| column.push(value));
    }
    let types = [
        ArrayType::Uuid,
        ArrayType::String,
        ArrayType::ChronoDateTimeUtc,
        ArrayType::String,
    ];
    let columns = types
        .into_iter()
        .zip(columns)
        .map(|(element, values)| array(element, values));
    Statement::from_sql_and_values(backend, INSERT_ONCE, columns)
}

pub(crate) fn find_keys<'a>(backend: DatabaseBackend, keys: impl Iterator<Item = &'a str>) -> Statement {
    let keys: Vec<Value> = keys.map(Value::from).collect();
    if backend != DatabaseBackend::Postgres {
        let sql = format!(
            "{FIND_KEYS} and idempotency_key in ({})",
            vec!["?"; keys.len()].join(", ")
        );
        return Statement::from_sql_and_values(backend, sql, keys);
    }
    let sql = format!("{FIND_KEYS} and idempotency_key = any($1::text[])");
    Statement::from_sql_and_values(backend, sql, [array(ArrayType::String, keys)])
}

pub(crate) fn find(backend: DatabaseBackend, ids: impl Iterator<Item = TweetId>) -> Statement {
    let ids = ids.map(uuid);
    if backend != DatabaseBackend::Postgres {
        return Entity::find().filter(Column::Id.is_in(ids)).build(backend);
    }
    Statement::from_sql_and_values(
        backend,
        FIND,
        [array(ArrayType::Uuid, ids.map(Value::from).collect())],
    )
}

/// SQLite takes the same texts here, `$1` and all.
pub(crate) fn latest(backend: DatabaseBackend, before: Option<TweetId>, limit: usize) -> Statement {
    let limit = Value::from(i64::try_from(limit).unwrap_or(i64::MAX));
    match before {
        None => Statement::from_sql_and_values(backend, FIRST_PAGE, [limit]),
        Some(before) => Statement::from_sql_and_values(backend, NEXT_PAGE, [uuid(before).into(), limit]),
    }
}

fn array(element: ArrayType, values: Vec<Value>) -> Value {
    Value::Array(element, Some(Box::new(values)))
}
