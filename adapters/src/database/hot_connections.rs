//! Statements, on PostgreSQL by connections that stay out of the pool from one to the next.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DbErr, FromQueryResult, RuntimeErr, SqlxError, Statement, Values,
    sqlx::{self, AssertSqlSafe, PgPool, Postgres, pool::PoolConnection, query::Query},
};
use sea_query_sqlx::SqlxValues;

use super::{metrics::postgres, resilient_pool::PoolGeneration};

/// How many connections are kept at most: one for each kind of statement that a busy service has under way.
const MOST: usize = 4;

/// How long a connection may be kept until the pool tries it again, and closes it when it has become too old.
const LONGEST: Duration = Duration::from_secs(1);

/// Database that were just used, the last one last. A pool tries each connection that comes back, and lends another
/// to who comes next: that is a second way to the server and back for each statement, and a process there that slept
/// and has forgotten what it knew. A busy service is better off with the few that it used before.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<Vec<Lent>>);

/// A connection, and since when it is out of the pool.
type Lent = (PoolConnection<Postgres>, Instant);

impl Kept {
    /// How many are kept; the pool takes them for used.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    async fn take(&self, pool: &PgPool) -> Result<Lent, DbErr> {
        let kept = self.lock().pop();
        match kept {
            Some(kept) => Ok(kept),
            None => Ok((pool.acquire().await.map_err(not_acquired)?, Instant::now())),
        }
    }

    /// For a connection that has done its work. One that failed, or whose statement was given up, is the pool's to
    /// mend, and goes back there when it is dropped.
    fn keep(&self, pool: &PgPool, lent: Lent) {
        // Whoever waits for the pool looks there and not here, so its last connection is not kept.
        let is_last = pool.num_idle() == 0 && pool.size() >= pool.options().get_max_connections();
        let mut kept = self.lock();
        if kept.len() < MOST && !is_last && lent.1.elapsed() < LONGEST {
            kept.push(lent);
        }
    }

    /// Nothing runs under the lock that could panic half-way.
    fn lock(&self) -> MutexGuard<'_, Vec<Lent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Kept {
    /// Closes them. To give them back to the pool takes a task, for which there may be no runtime any more, and an
    /// answer, which a lost connection never gives.
    fn drop(&mut self) {
        self.lock()
            .drain(..)
            .for_each(|(connection, _)| drop(connection.detach()));
    }
}

impl PoolGeneration {
    /// Carries the statement out; how many rows it made.
    pub(crate) async fn execute(&self, statement: Statement) -> Result<u64, DbErr> {
        let Some(pool) = postgres(&self.database) else {
            return Ok(self.database.execute_raw(statement).await?.rows_affected());
        };
        let mut lent = self.kept.take(pool).await?;
        let done = query(&statement.sql, statement.values)
            .execute(&mut *lent.0)
            .await
            .map_err(failed)?;
        self.kept.keep(pool, lent);
        Ok(done.rows_affected())
    }

    /// The rows that the statement finds.
    pub(crate) async fn read<M: FromQueryResult>(&self, statement: Statement) -> Result<Vec<M>, DbErr> {
        let Some(pool) = postgres(&self.database) else {
            return M::find_by_statement(statement).all(&self.database).await;
        };
        let mut lent = self.kept.take(pool).await?;
        let rows = query(&statement.sql, statement.values)
            .fetch_all(&mut *lent.0)
            .await
            .map_err(failed)?;
        self.kept.keep(pool, lent);
        rows.into_iter()
            .map(|row| M::from_query_result(&row.into(), ""))
            .collect()
    }
}

/// The text may hold no value that somebody sent; all of `tweet/sql.rs` are constants.
fn query(sql: &str, values: Option<Values>) -> Query<'_, Postgres, SqlxValues> {
    sqlx::query_with(
        AssertSqlSafe(sql),
        SqlxValues(values.unwrap_or(Values(Vec::new()))),
    )
}

fn not_acquired(error: SqlxError) -> DbErr {
    match error {
        SqlxError::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        SqlxError::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        error => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
    }
}

fn failed(error: SqlxError) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}
