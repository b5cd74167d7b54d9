//! Tweets in PostgreSQL or SQLite, through [SeaORM](https://www.sea-ql.org/SeaORM/). One implementation serves both.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    RepositoryError,
    tweet::{IdempotentTweet, Tweet, TweetId, TweetRepository},
};
use sea_orm::DbErr;

use super::{row::TweetRow, sql::TABLE};
use crate::database::{Attempt, Database, PoolGeneration, error::is_conflict, idempotent};

/// [`TweetRepository`] on a migrated database. A call whose connection is lost is made again on a new one.
#[derive(Debug, Clone)]
pub struct SeaOrmTweetRepository {
    database: Database,
}

impl SeaOrmTweetRepository {
    /// A repository on a database that [`connect`](crate::database::connect) opened.
    pub fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl TweetRepository for SeaOrmTweetRepository {
    async fn add(&self, tweets: &[Tweet]) -> Result<(), RepositoryError> {
        if tweets.is_empty() {
            return Ok(());
        }

        let call = |pool, attempt| add(pool, tweets, attempt);
        Ok(self.database.run(call).await?)
    }

    async fn add_idempotent(&self, tweets: &[IdempotentTweet]) -> Result<Vec<Tweet>, RepositoryError> {
        if tweets.is_empty() {
            return Ok(Vec::new());
        }

        let keyed = &*idempotent::keyed(tweets);
        let count = tweets.len();
        let insertion = self
            .database
            .run(
                |pool, _| async move { idempotent::insert::<_, TweetRow>(&pool, &TABLE, keyed, count).await },
            )
            .await?;

        insertion.stored(tweets)
    }

    async fn find(&self, ids: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();

        let ids = &*ids;
        let rows = self
            .database
            .run(|pool, _| async move { find(&pool, ids).await })
            .await?;
        rows.into_iter().map(Tweet::try_from).collect()
    }

    async fn latest(&self, before: Option<TweetId>, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        let call = |pool: Arc<PoolGeneration>, _| async move {
            let statement = TABLE.latest(pool.backend(), before, limit);
            pool.read::<TweetRow>(statement).await
        };

        let rows = self.database.run(call).await?;
        rows.into_iter().map(Tweet::try_from).collect()
    }

    async fn after(&self, after: TweetId, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        let call = |pool: Arc<PoolGeneration>, _| async move {
            let statement = TABLE.after(pool.backend(), after, limit);
            pool.read::<TweetRow>(statement).await
        };

        let rows = self.database.run(call).await?;
        rows.into_iter().map(Tweet::try_from).collect()
    }
}

/// Adds all or none. In a retry, the first attempt may have stored the tweets, which then conflict with themselves.
async fn add(pool: Arc<PoolGeneration>, tweets: &[Tweet], attempt: Attempt) -> Result<(), DbErr> {
    let inserted = pool
        .execute_chunked(tweets, TABLE.max_rows_per_statement(), |backend, tweets| {
            TABLE.insert(backend, tweets)
        })
        .await;

    match inserted {
        Ok(_) => Ok(()),
        Err(error)
            if attempt == Attempt::Retry && is_conflict(&error) && are_stored(&pool, tweets).await? =>
        {
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Whether exactly these tweets are stored, all of them.
async fn are_stored(pool: &PoolGeneration, tweets: &[Tweet]) -> Result<bool, DbErr> {
    let mut tweets: Vec<_> = tweets.iter().collect();
    tweets.sort_unstable_by_key(|tweet| tweet.id);

    let ids: Vec<_> = tweets.iter().map(|tweet| tweet.id).collect();
    let mut rows = find(pool, &ids).await?;
    rows.sort_unstable_by_key(|row| row.id);

    let is_same =
        |(row, tweet): (TweetRow, &Tweet)| Tweet::try_from(row).is_ok_and(|stored| stored == *tweet);
    Ok(rows.len() == tweets.len() && rows.into_iter().zip(tweets).all(is_same))
}

async fn find(pool: &PoolGeneration, ids: &[TweetId]) -> Result<Vec<TweetRow>, DbErr> {
    pool.read_chunked(ids, TABLE.max_rows_per_statement(), |backend, ids| {
        TABLE.find(backend, ids)
    })
    .await
}
