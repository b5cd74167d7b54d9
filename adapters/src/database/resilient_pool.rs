//! Calls to a database that may be away, silent or somewhere else by now.

use std::{
    pin::pin,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{ConnAcquireErr, DatabaseConnection, DbErr};
use thiserror::Error;
use tokio::time::{Instant, timeout_at};

use super::{error::is_lost, hot_connections::Kept, metrics as pool};

/// The connections to one database: a pool, and a fresh one in its place once it lets a call down. Cheap to clone.
///
/// The driver has no deadline for a connection that fell silent: whoever waits on it waits until TCP gives up, a
/// quarter of an hour, and one that was given up is still waited for, in its place in the pool, before it is used again.
/// And a server that went away leaves a pool full of dead connections behind, each of which would fail one more call.
/// So every call has its deadline here, and a pool is given up as a whole.
#[derive(Debug, Clone)]
pub struct Database(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pool: RwLock<Arc<PoolGeneration>>,
    deadline: Duration,
}

/// The connections of one attempt of a call.
#[derive(Debug)]
pub struct PoolGeneration {
    pub(crate) database: DatabaseConnection,
    pub(crate) kept: Kept,
    /// How many calls the database answered, even if it refused.
    answers: AtomicU64,
}

/// Why a call has no result.
#[derive(Debug, Error)]
pub enum CallError {
    /// The database refused, or could not be reached.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// There was no answer before the deadline. The statement may have been, or may still be, carried out.
    #[error("no answer within {} ms", .0.as_millis())]
    Late(Duration),
}

impl Database {
    /// Calls through this pool, each of which may take until `deadline`.
    pub(crate) fn new(database: DatabaseConnection, deadline: Duration) -> Self {
        Self(Arc::new(Shared {
            pool: RwLock::new(PoolGeneration::of(database)),
            deadline,
        }))
    }

    /// The pool as it is now; it may be given up at any time.
    pub fn database(&self) -> DatabaseConnection {
        self.pool().database.clone()
    }

    /// Makes a call, and makes it `again` on a fresh connection when the first one turns out to be lost: the first may
    /// have been carried out by then.
    ///
    /// # Errors
    /// [`CallError`], at the latest when the deadline for statements is over.
    pub async fn run<T, F>(&self, call: impl Fn(Arc<PoolGeneration>, Attempt) -> F) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, DbErr>>,
    {
        self.run_within(self.0.deadline, call).await
    }

    /// Asks for a sign of life.
    ///
    /// # Errors
    /// [`CallError`], at the latest after this time.
    pub async fn ping(&self, deadline: Duration) -> Result<(), CallError> {
        self.run_within(deadline, |pool, _| async move { pool.database.ping().await })
            .await
    }

    async fn run_within<T, F>(
        &self,
        deadline: Duration,
        call: impl Fn(Arc<PoolGeneration>, Attempt) -> F,
    ) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, DbErr>>,
    {
        let end = Instant::now() + deadline;
        let mut again = Attempt(false);
        loop {
            let pool = self.pool();
            let answers = pool.answers.load(Ordering::Relaxed);
            let attempt = pin!(call(Arc::clone(&pool), again));
            match timeout_at(end, attempt).await {
                Ok(Err(error)) if is_lost(&error) => {
                    self.give_up(&pool);
                    if again.0 {
                        return Err(error.into());
                    }
                    again = Attempt(true);
                }
                Ok(Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))) => {
                    self.give_up_if_silent(&pool, answers);
                    return Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout).into());
                }
                Err(_) => {
                    self.give_up_if_silent(&pool, answers);
                    return Err(CallError::Late(deadline));
                }
                Ok(outcome) => {
                    pool.answers.fetch_add(1, Ordering::Relaxed);
                    return Ok(outcome?);
                }
            }
        }
    }

    pub(crate) fn pool(&self) -> Arc<PoolGeneration> {
        Arc::clone(&self.0.pool.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A call that was late among others that were answered met a slow statement or a long queue. More connections
    /// would only add to a database's load then, so the pool stays.
    fn give_up_if_silent(&self, pool: &Arc<PoolGeneration>, answers: u64) {
        if pool.answers.load(Ordering::Relaxed) == answers {
            self.give_up(pool);
        }
    }

    /// Puts a fresh pool in this one's place, unless that was done already. Those who still use the old one do so until
    /// they are done, and its connections are closed when the last of them is.
    fn give_up(&self, pool: &Arc<PoolGeneration>) {
        let mut current = self.0.pool.write().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&current, pool) {
            return;
        }
        if let Some(fresh) = pool::fresh(&pool.database) {
            *current = PoolGeneration::of(fresh);
            tracing::warn!("the connections to the database are lost or silent; new ones take their place");
        }
    }
}

impl PoolGeneration {
    fn of(database: DatabaseConnection) -> Arc<Self> {
        Arc::new(Self {
            database,
            kept: Kept::default(),
            answers: AtomicU64::new(0),
        })
    }

    /// All of them, for what takes more than a statement.
    pub fn database(&self) -> &DatabaseConnection {
        &self.database
    }
}

/// Whether a call is made a second time, so that its first attempt may have been carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt(pub bool);
