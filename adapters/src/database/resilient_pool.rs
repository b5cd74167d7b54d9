//! Calls to a database that may be down, unresponsive or moved to another server.

use std::{
    pin::pin,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{ConnAcquireErr, DatabaseConnection, DbErr};
use tokio::time::{Instant, timeout_at};

use super::{
    error::{CallError, is_connection_lost},
    hot_connections::HotConnections,
    pool_kind::reconnect_lazily,
};

/// A pool of connections to one database, which is replaced as a whole when it stops working. Cheap to clone.
///
/// The driver has no timeout for a connection that went silent. A call on it ends only when TCP gives up, after a quarter
/// of an hour. Dropping the call earlier does not free its place in the pool: the pool tests the connection first, which
/// takes as long. A server that went away leaves a pool full of dead connections, each of which would fail one more
/// call. So each call has a timeout here, and the pool is replaced.
#[derive(Debug, Clone)]
pub struct Database(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pool: RwLock<Arc<PoolGeneration>>,
    call_timeout: Duration,
}

/// One of the successive pools of a [`Database`].
#[derive(Debug)]
pub struct PoolGeneration {
    pub(crate) connection: DatabaseConnection,
    pub(crate) hot_connections: HotConnections,
    /// The number of calls that got a response, even if it was an error.
    completed_calls: AtomicU64,
}

impl PoolGeneration {
    fn new(connection: DatabaseConnection) -> Arc<Self> {
        Arc::new(Self {
            connection,
            hot_connections: HotConnections::default(),
            completed_calls: AtomicU64::new(0),
        })
    }

    /// The pool as SeaORM's connection, for work that needs more than single statements.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }
}

/// Which attempt of a call this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// The first one.
    First,
    /// The second and last one. The connection of the first was lost; its statement may have been executed.
    Retry,
}

impl Database {
    /// A database whose calls may take `call_timeout` each.
    pub(crate) fn new(connection: DatabaseConnection, call_timeout: Duration) -> Self {
        Self(Arc::new(Shared {
            pool: RwLock::new(PoolGeneration::new(connection)),
            call_timeout,
        }))
    }

    /// The current pool as SeaORM's connection. The pool may be replaced at any time.
    pub fn connection(&self) -> DatabaseConnection {
        self.pool().connection.clone()
    }

    /// Makes a call, and makes it once more on a new connection if the first one turns out to be lost.
    ///
    /// # Errors
    /// [`CallError`], at the latest after the statement timeout that [`connect`](super::connect) got.
    pub async fn run<T, F>(&self, call: impl Fn(Arc<PoolGeneration>, Attempt) -> F) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, DbErr>>,
    {
        self.run_within(self.0.call_timeout, call).await
    }

    /// Checks that the database responds.
    ///
    /// # Errors
    /// [`CallError`], at the latest after `timeout`.
    pub async fn ping(&self, timeout: Duration) -> Result<(), CallError> {
        self.run_within(timeout, |pool, _| async move { pool.connection.ping().await })
            .await
    }

    async fn run_within<T, F>(
        &self,
        timeout: Duration,
        call: impl Fn(Arc<PoolGeneration>, Attempt) -> F,
    ) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, DbErr>>,
    {
        let deadline = Instant::now() + timeout;
        let mut attempt = Attempt::First;

        loop {
            let pool = self.pool();
            let completed_before = pool.completed_calls.load(Ordering::Relaxed);

            let call = pin!(call(Arc::clone(&pool), attempt));
            match timeout_at(deadline, call).await {
                Ok(Err(error)) if is_connection_lost(&error) => {
                    self.replace_pool(&pool, "a connection was lost");
                    if attempt == Attempt::Retry {
                        return Err(error.into());
                    }
                    attempt = Attempt::Retry;
                }
                Ok(Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))) => {
                    self.replace_unresponsive_pool(&pool, completed_before);
                    return Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout).into());
                }
                Err(_) => {
                    self.replace_unresponsive_pool(&pool, completed_before);
                    return Err(CallError::TimedOut(timeout));
                }
                Ok(outcome) => {
                    pool.completed_calls.fetch_add(1, Ordering::Relaxed);
                    return Ok(outcome?);
                }
            }
        }
    }

    pub(crate) fn pool(&self) -> Arc<PoolGeneration> {
        Arc::clone(&self.0.pool.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the pool if no call completed since `completed_before` was read. If others completed, this one met a
    /// slow statement or a long queue, and more connections would only add to the database's load.
    fn replace_unresponsive_pool(&self, pool: &Arc<PoolGeneration>, completed_before: u64) {
        if pool.completed_calls.load(Ordering::Relaxed) == completed_before {
            self.replace_pool(pool, "no call completed in time");
        }
    }

    /// Replaces this pool, unless another call has done so. Calls in flight continue on the old pool; its connections
    /// are closed when the last of them ends.
    fn replace_pool(&self, pool: &Arc<PoolGeneration>, reason: &'static str) {
        let mut current = self.0.pool.write().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&current, pool) {
            return;
        }

        if let Some(new) = reconnect_lazily(&pool.connection) {
            *current = PoolGeneration::new(new);
            tracing::warn!(reason, "database pool replaced with a new one");
        }
    }
}
