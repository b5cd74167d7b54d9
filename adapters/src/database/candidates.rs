//! The servers of one database, of which one is to be found that is what was asked for, such as the primary. The driver
//! connects to one server, so this asks all of them.

use std::{
    fmt,
    future::pending,
    io::ErrorKind,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sea_orm::{
    SqlxError, SqlxPostgresConnector,
    sqlx::{Connection, Executor, PgConnection, Row, postgres::PgConnectOptions},
};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    address::{Address, PostgresAddress, Server, TargetSessionAttrs},
    connect::Options,
    driver_options::{self, CertificateError},
    reason::driver_reason,
    resilient_pool::PoolGeneration,
    route::Route,
};

/// How long a server may take to accept a connection and to say what it is. On a busy machine that takes a second.
const REPLY_TIMEOUT: Duration = Duration::from_secs(2);

/// The wait between two questions to a server that is not what was asked for. A promotion is noticed after this time.
const PAUSE: Duration = Duration::from_millis(200);

/// The servers, and what was asked for.
#[derive(Debug)]
pub(super) struct Candidates {
    address: Address,
    target: TargetSessionAttrs,
    options: Options,
    candidates: Vec<Candidate>,
}

struct Candidate {
    /// The server, for people.
    name: String,
    connect: PgConnectOptions,
    last_reply: Mutex<Reply>,
}

/// Without the options, which contain the password.
impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What a server replied last, as the end of a sentence that begins with its name.
#[derive(Debug)]
enum Reply {
    None,
    Refused,
    Standby,
    ReadOnly,
    Error(String),
}

impl Candidates {
    /// The servers of this address.
    pub(super) fn new(address: &PostgresAddress, options: Options) -> Result<Arc<Self>, CertificateError> {
        let candidate = |server: &Server| {
            Ok::<_, CertificateError>(Candidate {
                name: server.to_string(),
                connect: driver_options::postgres(address, server, options)?,
                last_reply: Mutex::new(Reply::None),
            })
        };

        Ok(Arc::new(Self {
            candidates: address.servers.iter().map(candidate).collect::<Result<_, _>>()?,
            target: address.target(),
            address: Address::Postgres(address.clone()),
            options,
        }))
    }

    /// Asks all servers at once, and those that refuse again and again. Returns a pool for the first that is what was
    /// asked for, as soon as there is one.
    pub(super) async fn choose(self: &Arc<Self>) -> Arc<PoolGeneration> {
        let mut asking = JoinSet::new();
        for n in 0..self.candidates.len() {
            self.candidates[n].record(Reply::None);
            let this = Arc::clone(self);
            asking.spawn(async move {
                while !this.is_wanted(n).await {
                    sleep(PAUSE).await;
                }
                n
            });
        }

        while let Some(asked) = asking.join_next().await {
            if let Ok(n) = asked {
                return self.pool_for(n);
            }
        }
        // The tasks fail only when the runtime ends, and this one with it.
        pending().await
    }

    /// Asks this server whether it is what was asked for, and records its reply.
    async fn is_wanted(&self, n: usize) -> bool {
        let candidate = &self.candidates[n];
        let ask = async {
            let mut connection = PgConnection::connect_with(&candidate.connect).await?;
            let unwanted = self.unwanted(&mut connection).await?;
            let _ = connection.close().await;
            Ok::<_, SqlxError>(unwanted)
        };

        let reply = match timeout(REPLY_TIMEOUT, ask).await {
            Ok(Ok(None)) => return true,
            Ok(Ok(Some(reply))) => reply,
            Ok(Err(SqlxError::Io(error))) if error.kind() == ErrorKind::ConnectionRefused => Reply::Refused,
            Ok(Err(error)) => Reply::Error(driver_reason(&error, &self.address)),
            Err(_) => Reply::None,
        };
        candidate.record(reply);
        false
    }

    async fn unwanted(&self, connection: &mut PgConnection) -> Result<Option<Reply>, SqlxError> {
        if self.target == TargetSessionAttrs::Any {
            return Ok(None);
        }

        let row = connection.fetch_one(ROLE).await?;
        let (is_standby, is_read_only): (bool, bool) = (row.try_get(0)?, row.try_get(1)?);
        Ok(match self.target {
            _ if is_standby => Some(Reply::Standby),
            TargetSessionAttrs::ReadWrite if is_read_only => Some(Reply::ReadOnly),
            _ => None,
        })
    }

    /// Why the server of this connection is not what was asked for; `None` if it is.
    pub(super) async fn why_unwanted(
        &self,
        connection: &mut PgConnection,
    ) -> Result<Option<String>, SqlxError> {
        let reply = self.unwanted(connection).await?;
        Ok(reply.map(|reply| reply.to_string()))
    }

    fn pool_for(self: &Arc<Self>, n: usize) -> Arc<PoolGeneration> {
        let route = Arc::new(Route::new(Arc::clone(self), n));
        let pool = driver_options::postgres_pool(self.options, Arc::clone(&route))
            .connect_lazy_with(self.candidates[n].connect.clone());

        PoolGeneration::new(SqlxPostgresConnector::from_sqlx_postgres_pool(pool), Some(route))
    }

    /// The name of a server.
    pub(super) fn name(&self, n: usize) -> &str {
        &self.candidates[n].name
    }

    /// How long a call waits for a server, as it waits for a connection.
    pub(super) fn acquire_timeout(&self) -> Duration {
        self.options.acquire_timeout
    }

    /// Why no server was found: what was asked for, and what each server replied last.
    pub(super) fn failure(&self) -> String {
        let wanted = match self.target {
            TargetSessionAttrs::Any => "responds",
            TargetSessionAttrs::ReadWrite => "is a primary that accepts writes",
            TargetSessionAttrs::Primary => "is a primary",
        };
        let replies = self.candidates.iter().map(Candidate::last_reply);

        format!("no server {wanted}: {}", replies.collect::<Vec<_>>().join("; "))
    }
}

const ROLE: &str = "select pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'";

impl Candidate {
    fn record(&self, reply: Reply) {
        *self.last_reply.lock().unwrap_or_else(PoisonError::into_inner) = reply;
    }

    fn last_reply(&self) -> String {
        let reply = self.last_reply.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{} {reply}", self.name)
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("does not respond"),
            Self::Refused => f.write_str("refuses the connection"),
            Self::Standby => f.write_str("is a standby"),
            Self::ReadOnly => f.write_str("is read-only"),
            Self::Error(reason) => write!(f, "reports: {reason}"),
        }
    }
}
