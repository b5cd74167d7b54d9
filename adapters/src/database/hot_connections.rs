//! Reuse of the PostgreSQL connections that were used last.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    ConnAcquireErr, DbErr, RuntimeErr, SqlxError,
    sqlx::{PgPool, Postgres, pool::PoolConnection},
};

/// The maximum number of connections in the cache: one for each kind of statement that a busy service has in flight.
const MAX_CACHED: usize = 4;

/// How long a connection stays outside the pool. Then it returns, so that the pool can test it, and close it if it is
/// too old.
const MAX_TIME_OUTSIDE_POOL: Duration = Duration::from_secs(1);

/// A small LIFO cache of a pool's connections. sqlx pings every connection on release and hands them out FIFO; that is
/// one more round trip a statement, and it keeps switching to cold PostgreSQL backends.
#[derive(Debug, Default)]
pub(crate) struct HotConnections(Mutex<Vec<PooledConnection>>);

/// A connection of the pool, and the time at which it left the pool.
#[derive(Debug)]
pub(crate) struct PooledConnection {
    pub(crate) connection: PoolConnection<Postgres>,
    left_pool: Instant,
}

impl HotConnections {
    /// The number of connections in the cache. The pool counts them as used.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Takes the connection that was used last. If the cache is empty, acquires one from the pool.
    pub(crate) async fn take(&self, pool: &PgPool) -> Result<PooledConnection, DbErr> {
        let cached = self.lock().pop();

        match cached {
            Some(cached) => Ok(cached),
            None => Ok(PooledConnection {
                connection: pool.acquire().await.map_err(acquire_error)?,
                left_pool: Instant::now(),
            }),
        }
    }

    /// Puts a connection back whose statement succeeded. After an error or a dropped call, drop the connection instead:
    /// it returns to the pool, which tests it.
    pub(crate) fn put_back(&self, pool: &PgPool, connection: PooledConnection) {
        let max_connections = pool.options().get_max_connections();
        // Callers waiting for the pool cannot see this cache, so the pool's last connection is returned to it.
        let is_last = pool.num_idle() == 0 && pool.size() >= max_connections;
        let is_recent = connection.left_pool.elapsed() < MAX_TIME_OUTSIDE_POOL;
        // One connection never stays here, whatever `num_idle` says: sqlx hands out a connection that was released before
        // it counts it as idle, so for a moment the number is too low, and below zero it wraps around.
        let max_cached = MAX_CACHED.min((max_connections as usize).saturating_sub(1));

        let mut cached = self.lock();
        if cached.len() < max_cached && !is_last && is_recent {
            cached.push(connection);
        }
    }

    /// Nothing that runs under the lock can leave the list half changed, so a poisoned lock is safe to use.
    fn lock(&self) -> MutexGuard<'_, Vec<PooledConnection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for HotConnections {
    /// Closes the connections. Returning them to the pool would need a task, for which there may be no runtime any
    /// more, and a response, which a lost connection never gives.
    fn drop(&mut self) {
        for cached in self.lock().drain(..) {
            drop(cached.connection.detach());
        }
    }
}

fn acquire_error(error: SqlxError) -> DbErr {
    match error {
        SqlxError::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        SqlxError::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        error => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::sqlx::postgres::PgPoolOptions;

    use super::*;
    use crate::testing::FreshDatabase;

    /// The pool counts a connection as idle only after it has handed it out again, if another thread is quick enough.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn only_connection_of_a_pool_is_never_cached() {
        let database = FreshDatabase::postgres().await;
        let options = PgPoolOptions::new().max_connections(1);
        let pool = options.connect(database.url()).await.expect("a pool");
        let hot = HotConnections::default();

        for round in 0..2_000 {
            drop(pool.acquire().await.expect("a connection"));
            let connection = hot.take(&pool).await.expect("the same connection");
            hot.put_back(&pool, connection);
            assert_eq!(hot.len(), 0, "round {round}");
        }
    }
}
