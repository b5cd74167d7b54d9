//! A primary and its standby, by PostgreSQL's streaming replication.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tokio::time::sleep;

use super::cluster::PostgresServer;

/// How long a standby may take to replay what the primary has. Slow machines need much less.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// A primary and its standby, both of which a test may stop.
#[derive(Debug)]
pub struct Replication {
    /// The primary.
    pub primary: PostgresServer,
    /// Its standby, which serves reads.
    pub standby: PostgresServer,
}

impl Replication {
    /// A new primary with an empty database, and its standby.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// As [`start`](Self::start), with further options of the primary.
    pub fn start_with(options: &str) -> Self {
        let primary = PostgresServer::start_with(options);
        let standby = primary.standby();

        Self { primary, standby }
    }

    /// Lets the standby receive and not replay: it falls behind.
    pub async fn pause_replay(&self) {
        query(&self.standby, "select pg_wal_replay_pause()::text as text").await;
    }

    /// Lets the standby catch up.
    pub async fn resume_replay(&self) {
        query(&self.standby, "select pg_wal_replay_resume()::text as text").await;
    }

    /// Lets commits wait until the standby has replayed them, so that it is never behind.
    pub async fn make_synchronous(&self) {
        for statement in [
            "alter system set synchronous_standby_names = '*'",
            "alter system set synchronous_commit = remote_apply",
            "select pg_reload_conf()::text as text",
        ] {
            query(&self.primary, statement).await;
        }
    }

    /// Executes a statement on the primary. Returns the column `text` of its first row, if it has one.
    pub async fn query_primary(&self, sql: &str) -> Option<String> {
        query(&self.primary, sql).await
    }

    /// Waits until the standby has replayed what the primary has committed so far.
    pub async fn wait_until_replayed(&self) {
        let position = self
            .query_primary("select pg_current_wal_lsn()::text as text")
            .await;
        let position = position.expect("a position");
        let has_replayed = format!("select (pg_last_wal_replay_lsn() >= '{position}')::text as text");

        let started = Instant::now();
        while query(&self.standby, &has_replayed).await.as_deref() != Some("true") {
            assert!(started.elapsed() < MAX_WAIT, "the standby does not catch up");
            sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn query(server: &PostgresServer, sql: &str) -> Option<String> {
    let connection = sea_orm::Database::connect(server.url())
        .await
        .expect("a connection");
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let row = connection
        .query_one_raw(statement)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.close().await.expect("closed");

    row.map(|row| row.try_get("", "text").expect("a text"))
}
