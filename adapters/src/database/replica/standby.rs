//! Connections to standbys: which of them may be read from, and what they are asked.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use sea_orm::{
    DatabaseConnection, SqlxError, SqlxPostgresConnector,
    sqlx::{
        self, ConnectOptions, PgConnection,
        postgres::{PgConnectOptions, PgPoolOptions},
    },
};
use tokio::time::timeout;

use super::{horizon::Position, primary::PrimaryPosition};
use crate::database::{
    address::{Address, PostgresAddress, Server},
    connect::Options,
    driver_options::{self, CheckConnection},
    reason::{NO_RESPONSE, driver_reason},
};

/// Everything at once. The walreceiver knows a new timeline at once, but shows it only to roles with
/// `pg_read_all_stats`; without that, it shows at the next restartpoint.
const QUERY: &str = "select pg_is_in_recovery(), \
     (select system_identifier from pg_control_system()), \
     coalesce((select received_tli from pg_stat_wal_receiver), (select timeline_id from pg_control_checkpoint())), \
     (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint, \
     (coalesce(pg_last_wal_replay_lsn(), '0/0'::pg_lsn) - '0/0'::pg_lsn)::bigint";

/// How long a standby may take for one response.
const TIMEOUT: Duration = Duration::from_secs(1);

/// What a standby says about itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standby {
    is_in_recovery: bool,
    cluster: i64,
    timeline: i32,
    /// When its server process started, in microseconds since 1970: no two of them have the same.
    started: i64,
    /// Up to where it has replayed the log.
    pub(super) replayed: Position,
}

impl Standby {
    async fn ask(connection: &mut PgConnection) -> Result<Self, SqlxError> {
        let row: (bool, i64, i32, i64, i64) = sqlx::query_as(QUERY).fetch_one(connection).await?;
        let (is_in_recovery, cluster, timeline, started, replayed) = row;

        Ok(Self {
            is_in_recovery,
            cluster,
            timeline,
            started,
            replayed: Position(replayed),
        })
    }

    /// Why this server must not serve reads; `Ok` if it may.
    fn follows(&self, primary: &PrimaryPosition) -> Result<(), &'static str> {
        if !self.is_in_recovery {
            Err("it is not in recovery: it was promoted, or is the primary")
        } else if self.cluster != primary.cluster {
            Err("it belongs to another cluster: its system identifier is not the primary's")
        } else if self.timeline != primary.timeline {
            Err(
                "it is on another timeline than the primary: since a failover it does not follow the primary, or has \
                 made no restartpoint yet; a role with pg_read_all_stats need not wait for that",
            )
        } else {
            Ok(())
        }
    }
}

/// A standby that serves reads, and the connection on which it is watched.
pub(super) struct Session {
    address: Address,
    server: String,
    connect_options: PgConnectOptions,
    options: Options,
    connection: PgConnection,
    pub(super) pin: Arc<Pin>,
}

impl Session {
    /// Connects, and asks whether the server may serve reads.
    ///
    /// # Errors
    /// With the server and the reason, if it may not.
    pub(super) async fn open(
        address: PostgresAddress,
        server: Server,
        options: Options,
        primary: PrimaryPosition,
    ) -> Result<Self, String> {
        let connect_options = driver_options::postgres(&address, &server, options);
        let (address, server) = (Address::Postgres(address), server.to_string());

        let opened = async {
            let connect_options = connect_options.map_err(|error| error.to_string())?;
            let explain = |error| driver_reason(&error, &address);

            let mut connection = connect_options.connect().await.map_err(explain)?;
            let standby = Standby::ask(&mut connection).await.map_err(explain)?;
            standby.follows(&primary)?;
            Ok((connect_options, connection, Pin::new(standby.started)))
        };
        let opened: Result<_, String> = timeout(TIMEOUT, opened)
            .await
            .unwrap_or_else(|_| Err(NO_RESPONSE.to_owned()));

        let (connect_options, connection, pin) = opened.map_err(|reason| format!("{server}: {reason}"))?;
        Ok(Self {
            address,
            server,
            connect_options,
            options,
            connection,
            pin: Arc::new(pin),
        })
    }

    /// The server, for people.
    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// Asks the standby again.
    ///
    /// # Errors
    /// If it must not serve reads any more.
    pub(super) async fn ask(&mut self, primary: &PrimaryPosition) -> Result<Standby, String> {
        let asked = match timeout(TIMEOUT, Standby::ask(&mut self.connection)).await {
            Ok(Ok(standby)) => standby.follows(primary).map(|()| standby).map_err(str::to_owned),
            Ok(Err(error)) => Err(driver_reason(&error, &self.address)),
            Err(_) => Err(NO_RESPONSE.to_owned()),
        };

        asked.map_err(|reason| format!("{}: {reason}", self.server))
    }

    /// A pool of connections to this very server process, without a connection yet.
    pub(super) fn pool(&self) -> DatabaseConnection {
        let pool = driver_options::postgres_pool(self.options, Arc::clone(&self.pin));
        SqlxPostgresConnector::from_sqlx_postgres_pool(pool.connect_lazy_with(self.connect_options.clone()))
    }
}

/// A pool for the time in which no standby is used, and so no connection is made.
pub(super) fn unconnected(options: Options) -> DatabaseConnection {
    let pool: PgPoolOptions = driver_options::pool(options);
    let nowhere = PgConnectOptions::new_without_pgpass();
    SqlxPostgresConnector::from_sqlx_postgres_pool(pool.connect_lazy_with(nowhere))
}

/// What a new connection to a standby must lead to: the server process on which the horizon was found, with everything
/// up to there. A standby that crashed and recovers accepts connections before it is where it was.
///
/// A connection that exists is good for every later horizon, because a crash ends it. For one that is opened while the
/// horizon moves, the floor is raised before the horizon, and the standby is asked once more in between, on a
/// connection that a crash would have ended.
#[derive(Debug)]
pub(super) struct Pin {
    started: i64,
    floor: AtomicI64,
}

impl Pin {
    fn new(started: i64) -> Self {
        Self {
            started,
            floor: AtomicI64::new(0),
        }
    }

    pub(super) fn raise_floor(&self, position: Position) {
        self.floor.store(position.0, Ordering::SeqCst);
    }
}

impl CheckConnection for Pin {
    async fn check(&self, connection: &mut PgConnection) -> Result<(), SqlxError> {
        let standby = Standby::ask(connection).await?;
        // Read after the response, so that it is not lower than when the standby responded.
        let floor = self.floor.load(Ordering::SeqCst);

        if standby.is_in_recovery && standby.started == self.started && standby.replayed.0 >= floor {
            Ok(())
        } else {
            let reason = "this is not the standby that was chosen, or it has restarted";
            Err(SqlxError::Protocol(reason.to_owned()))
        }
    }
}
