//! Tweets in PostgreSQL or SQLite, by [SeaORM](https://www.sea-ql.org/SeaORM/). One implementation serves both.

mod connect;
mod entity;
mod error;
mod keyed;
#[cfg(test)]
mod plans;
mod pool;
mod statements;

use async_trait::async_trait;
use domain::{HealthCheck, Keyed, RepositoryError, Tweet, TweetId, TweetRepository, Unhealthy};
use sea_orm::{ConnectionTrait, EntityTrait, Statement, TransactionTrait};

pub use connect::{ConnectError, Options, connect, place};
pub use pool::observe_pool;
pub use sea_orm::DatabaseConnection;

use entity::Entity;
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

    async fn read(&self, statement: Statement) -> Result<Vec<Tweet>, RepositoryError> {
        let rows = Entity::find().from_raw_sql(statement).all(&self.database).await.map_err(classify)?;
        rows.into_iter().map(Tweet::try_from).collect()
    }
}

#[async_trait]
impl TweetRepository for SeaOrmTweetRepository {
    async fn add(&self, tweets: &[Tweet]) -> Result<(), RepositoryError> {
        let insert = |tweets| statements::insert(self.database.get_database_backend(), tweets);
        match tweets.len() {
            0 => {}
            1..=ROWS_A_STATEMENT => {
                self.database.execute_raw(insert(tweets)).await.map_err(classify)?;
            }
            _ => {
                let transaction = self.database.begin().await.map_err(classify)?;
                for chunk in tweets.chunks(ROWS_A_STATEMENT) {
                    transaction.execute_raw(insert(chunk)).await.map_err(classify)?;
                }
                transaction.commit().await.map_err(classify)?;
            }
        }
        Ok(())
    }

    async fn add_once(&self, tweets: &[Keyed]) -> Result<Vec<Tweet>, RepositoryError> {
        if tweets.is_empty() {
            return Ok(Vec::new());
        }
        let stored = keyed::add_once(self.database.clone(), tweets).await.map_err(classify)?;
        let answer = |Keyed { tweet, key }: &Keyed| match stored.get(key.as_str()) {
            Some(row) => Tweet::try_from(row.clone()),
            None => Ok(tweet.clone()),
        };
        tweets.iter().map(answer).collect()
    }

    async fn find(&self, ids: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError> {
        let backend = self.database.get_database_backend();
        if let [id] = ids {
            return self.read(statements::find(backend, [*id].into_iter())).await;
        }
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(ROWS_A_STATEMENT) {
            found.extend(self.read(statements::find(backend, chunk.iter().copied())).await?);
        }
        Ok(found)
    }

    async fn latest(&self, before: Option<TweetId>, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        self.read(statements::latest(self.database.get_database_backend(), before, limit)).await
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
