//! Where a pool leads, if its database has several servers, and whether it still may.

use std::{
    io::{self, ErrorKind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use sea_orm::{DbErr, RuntimeErr, SqlxError, sqlx::PgConnection};
use tokio::{sync::watch, time::Instant};

use super::{candidates::Candidates, driver_options::CheckConnection};

/// The server of a pool, and whether calls may use it.
#[derive(Debug)]
pub(super) struct Route {
    candidates: Arc<Candidates>,
    server: usize,
    chosen: Instant,
    /// Whether a server is being chosen again, so that new calls wait for the outcome. Those in flight go on.
    is_doubtful: AtomicBool,
    /// Whether the server turned out not to be the wanted one, so that calls in flight end as well.
    is_wrong: watch::Sender<bool>,
}

impl Route {
    /// The route to a server that was chosen just now.
    pub(super) fn new(candidates: Arc<Candidates>, server: usize) -> Self {
        Self {
            candidates,
            server,
            chosen: Instant::now(),
            is_doubtful: AtomicBool::new(false),
            is_wrong: watch::Sender::new(false),
        }
    }

    /// Among which servers it was chosen.
    pub(super) fn candidates(&self) -> &Arc<Candidates> {
        &self.candidates
    }

    /// The server, for people.
    pub(super) fn server(&self) -> &str {
        self.candidates.name(self.server)
    }

    /// When the server was chosen.
    pub(super) fn chosen(&self) -> Instant {
        self.chosen
    }

    /// Whether new calls may use it.
    pub(super) fn is_open(&self) -> bool {
        !self.is_doubtful.load(Ordering::Acquire) && !*self.is_wrong.borrow()
    }

    /// Closes it for new calls. `true` for the first caller, who has to choose a server.
    pub(super) fn close_to_new_calls(&self) -> bool {
        !self.is_doubtful.swap(true, Ordering::AcqRel)
    }

    /// Ends the calls in flight, as if their connections were lost.
    pub(super) fn end_calls(&self) {
        self.is_wrong.send_replace(true);
    }

    /// The error of a connection that no longer leads where it should.
    fn lost(&self, reason: &str) -> SqlxError {
        let message = format!("{} {reason}", self.server());
        SqlxError::Io(io::Error::new(ErrorKind::NotConnected, message))
    }

    /// The result of a call, or the error of a lost connection as soon as the calls on this route are ended.
    pub(super) async fn follow<T>(
        &self,
        call: Pin<&mut impl Future<Output = Result<T, DbErr>>>,
    ) -> Result<T, DbErr> {
        let mut is_wrong = self.is_wrong.subscribe();

        tokio::select! {
            biased;
            _ = is_wrong.wait_for(|is_wrong| *is_wrong) => {
                let error = self.lost("is not used any more");
                Err(DbErr::Conn(RuntimeErr::SqlxError(error.into())))
            }
            result = call => result,
        }
    }
}

/// A new connection must lead to what the server was chosen for. If not, neither do the others of the pool, which are
/// older.
impl CheckConnection for Route {
    async fn check(&self, connection: &mut PgConnection) -> Result<(), SqlxError> {
        match self.candidates.why_unwanted(connection).await? {
            None => Ok(()),
            Some(reason) => {
                self.end_calls();
                Err(self.lost(&reason))
            }
        }
    }
}
