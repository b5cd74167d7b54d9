//! Tweets in PostgreSQL or SQLite, by [SeaORM](https://www.sea-ql.org/SeaORM/). One implementation serves both.

mod connect;
mod entity;
mod error;
mod pool;

use async_trait::async_trait;
use domain::{HealthCheck, RepositoryError, Tweet, TweetId, TweetRepository, Unhealthy};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, TransactionTrait,
};

pub use connect::{ConnectError, Options, connect, place};
pub use pool::observe_pool;
pub use sea_orm::DatabaseConnection;

use entity::{ActiveModel, Column, Entity};
use error::classify;

/// SQLite binds at most 32,766 values a statement and PostgreSQL 65,535; a tweet is three.
const ROWS_A_STATEMENT: usize = 10_000;

/// [`TweetRepository`] on a migrated database.
#[derive(Debug, Clone)]
pub struct SeaOrmTweetRepository {
    database: DatabaseConnection,
}

impl SeaOrmTweetRepository {
    /// A repository over a pool that [`connect`] made.
    pub fn new(database: DatabaseConnection) -> Self {
        Self { database }
    }

    async fn insert(&self, database: &impl ConnectionTrait, tweets: &[Tweet]) -> Result<(), RepositoryError> {
        let rows = tweets.iter().map(ActiveModel::from);
        Entity::insert_many(rows).exec_without_returning(database).await.map_err(classify)?;
        Ok(())
    }
}

#[async_trait]
impl TweetRepository for SeaOrmTweetRepository {
    async fn add(&self, tweets: &[Tweet]) -> Result<(), RepositoryError> {
        match tweets.len() {
            0 => Ok(()),
            1..=ROWS_A_STATEMENT => self.insert(&self.database, tweets).await,
            _ => {
                let transaction = self.database.begin().await.map_err(classify)?;
                for chunk in tweets.chunks(ROWS_A_STATEMENT) {
                    self.insert(&transaction, chunk).await?;
                }
                transaction.commit().await.map_err(classify)
            }
        }
    }

    async fn find(&self, ids: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError> {
        let mut found = Vec::with_capacity(ids.len());
        let mut ids: Vec<_> = ids.iter().copied().map(entity::uuid).collect();
        ids.sort_unstable();
        ids.dedup();
        for chunk in ids.chunks(ROWS_A_STATEMENT) {
            let query = Entity::find().filter(Column::Id.is_in(chunk.iter().copied()));
            let rows = query.all(&self.database).await.map_err(classify)?;
            for row in rows {
                found.push(Tweet::try_from(row)?);
            }
        }
        Ok(found)
    }

    async fn latest(&self, before: Option<TweetId>, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        // Keyset, not offset: an index range scan whose cost does not grow with the depth of the page.
        let mut query = Entity::find().order_by_desc(Column::Id).limit(limit as u64);
        if let Some(before) = before {
            query = query.filter(Column::Id.lt(entity::uuid(before)));
        }
        let rows = query.all(&self.database).await.map_err(classify)?;
        rows.into_iter().map(Tweet::try_from).collect()
    }
}

/// [`HealthCheck`] that asks the database itself.
#[derive(Debug, Clone)]
pub struct SeaOrmHealthCheck {
    database: DatabaseConnection,
}

impl SeaOrmHealthCheck {
    /// A check of the database behind this pool.
    pub fn new(database: DatabaseConnection) -> Self {
        Self { database }
    }
}

#[async_trait]
impl HealthCheck for SeaOrmHealthCheck {
    fn name(&self) -> &'static str {
        "db"
    }

    async fn check(&self) -> Result<(), Unhealthy> {
        self.database.ping().await.map_err(|error| Unhealthy {
            reason: "the database does not answer".to_owned(),
            source: Some(std::sync::Arc::new(error)),
        })
    }
}
