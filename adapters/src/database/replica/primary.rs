//! What the monitor asks the primary.

use std::time::Duration;

use sea_orm::{DbBackend, DbErr, FromQueryResult, Statement};

use super::horizon::Position;
use crate::database::{error::CallError, resilient_pool::Database};

/// Everything at once. A server that is not writable any more refuses this.
const QUERY: &str = "select system_identifier as cluster, \
     ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int as timeline, \
     (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint as inserted \
     from pg_control_system()";

/// How long the primary may take.
const TIMEOUT: Duration = Duration::from_millis(1500);

/// Where the primary is.
#[derive(Debug, Clone, Copy)]
pub(super) struct PrimaryPosition {
    /// Which of all clusters it is: a replica has the same.
    pub(super) cluster: i64,
    /// A number that rises with each promotion.
    pub(super) timeline: i32,
    /// The end of its log.
    pub(super) position: Position,
}

#[derive(Debug, FromQueryResult)]
struct Row {
    cluster: i64,
    timeline: i32,
    inserted: i64,
}

/// Asks the primary. Everything that it acknowledged before this call is before the position.
pub(super) async fn ask(primary: &Database) -> Result<PrimaryPosition, CallError> {
    let statement = || Statement::from_string(DbBackend::Postgres, QUERY);

    primary
        .run_within(TIMEOUT, |pool, _| async move {
            let rows = pool.read::<Row>(statement()).await?;
            let row = rows.into_iter().next().ok_or_else(no_row)?;
            Ok(PrimaryPosition {
                cluster: row.cluster,
                timeline: row.timeline,
                position: Position::of_insertion(row.inserted),
            })
        })
        .await
}

fn no_row() -> DbErr {
    DbErr::Custom("a query of one row returned none".to_owned())
}
