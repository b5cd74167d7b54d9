//! Calls to a database that may be down, unresponsive or moved to another server.

use std::{
    pin::pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{ConnAcquireErr, DatabaseConnection, DbErr};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::{
    disk_space::DiskSpace,
    error::{CallError, Remedy, is_out_of_space, remedy},
    file::DatabaseFile,
    hot_connections::HotConnections,
    pool_kind::reconnect_lazily,
    route::Route,
};

/// A pool of connections to one database, which is replaced as a whole when it stops working. Cheap to clone.
///
/// The driver has no timeout for a connection that went silent. A call on it ends only when TCP gives up, after a quarter
/// of an hour. Dropping the call earlier does not free its place in the pool: the pool tests the connection first, which
/// takes as long. A server that went away leaves a pool full of dead connections, each of which would fail one more
/// call. So each call has a timeout here, and the pool is replaced.
#[derive(Debug, Clone)]
pub struct Database(pub(super) Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) pool: watch::Sender<Arc<PoolGeneration>>,
    application_name: &'static str,
    call_timeout: Duration,
    /// The file of SQLite, as the first call found it.
    file: OnceLock<Option<DatabaseFile>>,
}

/// One of the successive pools of a [`Database`].
#[derive(Debug)]
pub struct PoolGeneration {
    pub(crate) connection: DatabaseConnection,
    pub(crate) hot_connections: HotConnections,
    pub(crate) disk_space: DiskSpace,
    /// Where it leads, if the database has several servers.
    pub(super) route: Option<Arc<Route>>,
    /// The number of calls that got a response, even if it was an error.
    completed_calls: AtomicU64,
}

impl PoolGeneration {
    pub(super) fn new(connection: DatabaseConnection, route: Option<Arc<Route>>) -> Arc<Self> {
        Arc::new(Self {
            connection,
            hot_connections: HotConnections::default(),
            disk_space: DiskSpace::default(),
            route,
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
    /// The second and last one. If the connection of the first was lost, its statement may have been executed.
    Retry,
}

impl Database {
    /// A database whose calls may take `call_timeout` each.
    pub(crate) fn new(
        pool: Arc<PoolGeneration>,
        application_name: &'static str,
        call_timeout: Duration,
    ) -> Self {
        Self(Arc::new(Shared {
            pool: watch::Sender::new(pool),
            application_name,
            call_timeout,
            file: OnceLock::new(),
        }))
    }

    /// The name of the program, as [`connect`](super::connect) got it.
    pub(crate) fn application_name(&self) -> &'static str {
        self.0.application_name
    }

    /// The current pool as SeaORM's connection. The pool may be replaced at any time.
    pub fn connection(&self) -> DatabaseConnection {
        self.pool().connection.clone()
    }

    /// Makes a call, and makes it once more if the first attempt met a lost connection, a prepared statement that the
    /// schema has outdated, or a deadlock.
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

    /// As [`run`](Self::run), with a timeout of its own.
    pub(super) async fn run_within<T, F>(
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
            let pool = self.usable_pool(deadline).await?;
            // A statement on damaged files may destroy what another process stores, which uses the new ones.
            self.check_file(&pool)?;
            let completed_before = pool.completed_calls.load(Ordering::Relaxed);

            let mut call = pin!(call(Arc::clone(&pool), attempt));
            let call = async {
                match &pool.route {
                    Some(route) => route.follow(call.as_mut()).await,
                    None => call.as_mut().await,
                }
            };
            match timeout_at(deadline, call).await {
                Ok(Err(error)) if let Some(remedy) = remedy(&error) => {
                    if let Remedy::NewPool(reason) = remedy {
                        self.replace_pool(&pool, reason);
                    }
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
                Ok(Err(error)) => {
                    pool.completed_calls.fetch_add(1, Ordering::Relaxed);
                    if is_out_of_space(&error) {
                        pool.disk_space.record_full();
                    }
                    return Err(error.into());
                }
                Ok(Ok(value)) => {
                    pool.completed_calls.fetch_add(1, Ordering::Relaxed);
                    self.check_file(&pool)?;
                    return Ok(value);
                }
            }
        }
    }

    /// Fails if SQLite's files are no longer those that were opened.
    fn check_file(&self, pool: &PoolGeneration) -> Result<(), CallError> {
        let file = self.0.file.get_or_init(|| DatabaseFile::of(&pool.connection));
        file.as_ref().map_or(Ok(()), DatabaseFile::check)?;

        Ok(())
    }

    pub(crate) fn pool(&self) -> Arc<PoolGeneration> {
        Arc::clone(&self.0.pool.borrow())
    }

    /// Makes this the pool of all calls that start from now on.
    pub(super) fn set_pool(&self, connection: DatabaseConnection) {
        self.0.pool.send_replace(PoolGeneration::new(connection, None));
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
        if let Some(route) = &pool.route {
            return self.choose_server(route, reason);
        }

        self.0.pool.send_if_modified(|current| {
            let new = if Arc::ptr_eq(current, pool) {
                reconnect_lazily(&pool.connection)
            } else {
                None
            };
            let is_new = new.is_some();

            if let Some(new) = new {
                *current = PoolGeneration::new(new, None);
                tracing::warn!(reason, "database pool replaced with a new one");
            }
            is_new
        });
    }
}
