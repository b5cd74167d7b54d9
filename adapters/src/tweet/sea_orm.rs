//! Tweets in PostgreSQL or SQLite, by [SeaORM](https://www.sea-ql.org/SeaORM/). One implementation serves both.

use std::{sync::Arc, time::Duration};

use ::sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, TransactionTrait};
use async_trait::async_trait;
use domain::{HealthCheck, IdempotentTweet, RepositoryError, Tweet, TweetId, TweetRepository, Unhealthy};

use super::{entity::Model, sql as statements};
use crate::database::{Attempt, Database, PoolGeneration, error::is_conflict, idempotent};

/// SQLite binds at most 32,766 values a statement and PostgreSQL 65,535; a tweet with its key is four.
pub(crate) const ROWS_A_STATEMENT: usize = 8_000;

/// [`TweetRepository`] on a migrated database. A call that meets a lost connection is made again on a fresh one.
#[derive(Debug, Clone)]
pub struct SeaOrmTweetRepository {
    connections: Database,
}

impl SeaOrmTweetRepository {
    /// A repository over what [`connect`] opened.
    pub fn new(connections: Database) -> Self {
        Self { connections }
    }
}

#[async_trait]
impl TweetRepository for SeaOrmTweetRepository {
    async fn add(&self, tweets: &[Tweet]) -> Result<(), RepositoryError> {
        if tweets.is_empty() {
            return Ok(());
        }
        Ok(self
            .connections
            .run(|pool, again| add(pool, tweets, again))
            .await?)
    }

    async fn add_idempotent(&self, tweets: &[IdempotentTweet]) -> Result<Vec<Tweet>, RepositoryError> {
        if tweets.is_empty() {
            return Ok(Vec::new());
        }
        let stored = self
            .connections
            .run(|pool, _| idempotent::add_idempotent(pool, tweets))
            .await?;
        let answer = |IdempotentTweet { item: tweet, key }: &IdempotentTweet| match stored.get(key.as_str()) {
            Some(row) => Tweet::try_from(row.clone()),
            None => Ok(tweet.clone()),
        };
        tweets.iter().map(answer).collect()
    }

    async fn find(&self, ids: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let ids = &*ids;
        let rows = self
            .connections
            .run(|pool, _| async move { find(&pool, ids).await })
            .await?;
        rows.into_iter().map(Tweet::try_from).collect()
    }

    async fn latest(&self, before: Option<TweetId>, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        let page = |pool: Arc<PoolGeneration>, _| async move {
            pool.read(statements::latest(
                pool.database().get_database_backend(),
                before,
                limit,
            ))
            .await
        };
        let rows: Vec<Model> = self.connections.run(page).await?;
        rows.into_iter().map(Tweet::try_from).collect()
    }
}

/// Adds all or none. An attempt before this one that was lost may have added them, and then they conflict with
/// themselves.
async fn add(pool: Arc<PoolGeneration>, tweets: &[Tweet], again: Attempt) -> Result<(), DbErr> {
    match insert(&pool, tweets, statements::insert).await {
        Err(error) if again.0 && is_conflict(&error) => {
            if are_stored(&pool, tweets).await? {
                Ok(())
            } else {
                Err(error)
            }
        }
        outcome => outcome.map(|_| ()),
    }
}

/// All or none, in a transaction when one statement cannot take them; how many rows it made.
pub(crate) async fn insert<T>(
    pool: &PoolGeneration,
    items: &[T],
    statement: impl Fn(DbBackend, &[T]) -> Statement,
) -> Result<u64, DbErr> {
    let backend = pool.database().get_database_backend();
    if items.len() <= ROWS_A_STATEMENT {
        return pool.execute(statement(backend, items)).await;
    }
    let transaction = pool.database().begin().await?;
    let mut inserted = 0;
    for chunk in items.chunks(ROWS_A_STATEMENT) {
        inserted += transaction
            .execute_raw(statement(backend, chunk))
            .await?
            .rows_affected();
    }
    transaction.commit().await?;
    Ok(inserted)
}

/// Whether these very tweets are stored, every one of them.
async fn are_stored(pool: &PoolGeneration, tweets: &[Tweet]) -> Result<bool, DbErr> {
    let mut tweets: Vec<_> = tweets.iter().collect();
    tweets.sort_unstable_by_key(|tweet| tweet.id);
    let ids: Vec<_> = tweets.iter().map(|tweet| tweet.id).collect();
    let mut rows = find(pool, &ids).await?;
    rows.sort_unstable_by_key(|row| row.id);
    let same = |(row, tweet): (Model, &Tweet)| Tweet::try_from(row).is_ok_and(|stored| stored == *tweet);
    Ok(rows.len() == tweets.len() && rows.into_iter().zip(tweets).all(same))
}

async fn find(pool: &PoolGeneration, ids: &[TweetId]) -> Result<Vec<Model>, DbErr> {
    let backend = pool.database().get_database_backend();
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(ROWS_A_STATEMENT) {
        found.append(
            &mut pool
                .read(statements::find(backend, chunk.iter().copied()))
                .await?,
        );
    }
    Ok(found)
}

/// How long the database may take to show a sign of life. Shorter than whoever asks for health waits, so that silence
/// is noticed here, and the connections replaced, even when nobody else asks anything.
const SIGN_OF_LIFE: Duration = Duration::from_millis(1500);

/// [`HealthCheck`] that asks the database itself.
#[derive(Debug, Clone)]
pub struct SeaOrmHealthCheck {
    connections: Database,
}

impl SeaOrmHealthCheck {
    /// A check of the database behind these connections.
    pub fn new(connections: Database) -> Self {
        Self { connections }
    }
}

#[async_trait]
impl HealthCheck for SeaOrmHealthCheck {
    fn name(&self) -> &'static str {
        "db"
    }

    async fn check(&self) -> Result<(), Unhealthy> {
        self.connections
            .ping(SIGN_OF_LIFE)
            .await
            .map_err(|error| Unhealthy {
                reason: "the database does not answer".to_owned(),
                source: Some(Arc::new(error)),
            })
    }
}
