//! Reuse of PostgreSQL connections that were used just now.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    ConnAcquireErr, DbErr, RuntimeErr, SqlxError,
    sqlx::{PgPool, Postgres, pool::PoolConnection},
};

/// The maximum number of connections held: one for each kind of statement that a busy service has in flight.
const MAX_HELD: usize = 4;

/// How long a connection stays checked out of the pool before the pool gets to test it, and to close it if it is too
/// old.
const MAX_CHECKOUT_AGE: Duration = Duration::from_secs(1);

/// A small LIFO cache of connections that are checked out of a pool. sqlx pings every connection on release and hands
/// them out FIFO; that is one more round trip a statement, and it keeps switching to cold PostgreSQL backends.
#[derive(Debug, Default)]
pub(crate) struct HotConnections(Mutex<Vec<CheckedOut>>);

/// A connection, and the time at which it left the pool.
#[derive(Debug)]
pub(crate) struct CheckedOut {
    pub(crate) connection: PoolConnection<Postgres>,
    since: Instant,
}

impl HotConnections {
    /// The number of connections held. The pool counts them as used.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// The connection that was used last, or else one of the pool.
    pub(crate) async fn check_out(&self, pool: &PgPool) -> Result<CheckedOut, DbErr> {
        let held = self.lock().pop();

        match held {
            Some(held) => Ok(held),
            None => Ok(CheckedOut {
                connection: pool.acquire().await.map_err(acquire_error)?,
                since: Instant::now(),
            }),
        }
    }

    /// Takes back a connection whose statement succeeded. After an error or a dropped call, drop the connection instead:
    /// it returns to the pool, which tests it.
    pub(crate) fn check_in(&self, pool: &PgPool, connection: CheckedOut) {
        // Callers that wait for the pool do not look here, so its last connection goes back there.
        let is_last = pool.num_idle() == 0 && pool.size() >= pool.options().get_max_connections();
        let is_fresh = connection.since.elapsed() < MAX_CHECKOUT_AGE;

        let mut held = self.lock();
        if held.len() < MAX_HELD && !is_last && is_fresh {
            held.push(connection);
        }
    }

    /// Nothing that runs under the lock can leave the list half changed, so a poisoned lock is safe to use.
    fn lock(&self) -> MutexGuard<'_, Vec<CheckedOut>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for HotConnections {
    /// Closes the connections. Returning them to the pool would need a task, for which there may be no runtime any
    /// more, and a response, which a lost connection never gives.
    fn drop(&mut self) {
        for held in self.lock().drain(..) {
            drop(held.connection.detach());
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
