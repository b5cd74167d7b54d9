//! How a database with several servers moves from one to another.

use std::{
    pin::pin,
    sync::{Arc, Weak},
    time::Duration,
};

use sea_orm::{DbErr, RuntimeErr};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::{
    pool_kind::postgres,
    resilient_pool::{Database, PoolGeneration, Shared},
    route::Route,
};

/// The shortest time between two choices, so that a server that is a primary and fails every call is not asked without
/// end.
const MIN_INTERVAL: Duration = Duration::from_millis(500);

/// How long a server is looked for before a warning is logged.
const WARN_AFTER: Duration = Duration::from_secs(1);

/// The reason to choose again when nothing would show that the server is gone, except the next call.
const NO_CONNECTION: &str = "no connection was open";

impl Database {
    /// The pool for a new call. While a server is being chosen, waits for the outcome, at most as long as for a
    /// connection.
    pub(super) async fn usable_pool(&self, deadline: Instant) -> Result<Arc<PoolGeneration>, DbErr> {
        let pool = self.pool();
        let Some(route) = &pool.route else {
            return Ok(pool);
        };
        if route.is_open() && !is_cold(&pool, route) {
            return Ok(pool);
        }

        self.choose_server(route, NO_CONNECTION);
        let candidates = route.candidates();
        let deadline = deadline.min(Instant::now() + candidates.acquire_timeout());
        let mut pools = self.0.pool.subscribe();
        let open = pools.wait_for(|pool| pool.route.as_ref().is_none_or(|route| route.is_open()));

        match timeout_at(deadline, open).await {
            Ok(Ok(pool)) => Ok(Arc::clone(&pool)),
            Ok(Err(_)) | Err(_) => Err(DbErr::Conn(RuntimeErr::Internal(candidates.failure()))),
        }
    }

    /// Has a server chosen again, and the pool replaced by one for that server, unless this is happening already.
    pub(super) fn choose_server(&self, route: &Arc<Route>, reason: &'static str) {
        if route.close_to_new_calls() {
            tokio::spawn(replace_pool(Arc::downgrade(&self.0), Arc::clone(route), reason));
        }
    }
}

/// Whether the pool has no connection that could be lost, so that it may lead to a server that went away long ago.
fn is_cold(pool: &PoolGeneration, route: &Route) -> bool {
    let is_empty = postgres(&pool.connection).is_some_and(|pool| pool.size() == 0);
    is_empty && route.chosen().elapsed() > MIN_INTERVAL
}

/// Runs in a task of its own, so that it depends on no caller. Ends when the database is dropped.
async fn replace_pool(database: Weak<Shared>, old: Arc<Route>, reason: &'static str) {
    sleep_until(old.chosen() + MIN_INTERVAL).await;

    let candidates = old.candidates();
    let mut choosing = pin!(candidates.choose());
    let mut warned = false;
    let new = loop {
        match timeout(WARN_AFTER, choosing.as_mut()).await {
            Ok(new) => break new,
            Err(_) if database.strong_count() == 0 => return,
            Err(_) if warned => {}
            Err(_) => {
                tracing::warn!(reason, "{}", candidates.failure());
                warned = true;
            }
        }
    };

    let Some(database) = database.upgrade() else {
        return;
    };
    let server = new.route.as_ref().map(|route| route.server().to_owned());
    let has_moved = server.as_deref() != Some(old.server());
    database.pool.send_replace(new);
    if has_moved {
        old.end_calls();
    }

    if has_moved || reason != NO_CONNECTION {
        tracing::warn!(reason, server, "database pool replaced with a new one");
    }
}
