//! Poolers, such as PgBouncer, between the service and PostgreSQL.

use std::time::Duration;

use sea_orm::{
    DatabaseConnection, DbErr, RuntimeErr, SqlxError,
    sqlx::{self, Connection, PgConnection, postgres::PgDatabaseError, types::uuid},
};
use tokio::time::timeout;

use super::pool_kind::postgres;

/// What an operator has to know when a prepared statement of this service is unknown on its connection, or known before
/// it was made, or another one.
pub(super) const SHARES_SESSIONS: &str = "a pooler in front of the database gives the transactions of one connection to \
                                          several others, which mixes up their prepared statements. Use session \
                                          pooling, or PgBouncer 1.21 or later with max_prepared_statements";

/// What an operator has to know when a pooler refuses a connection for what it asks for. The driver sends the variable
/// `PGOPTIONS`, and nothing else that a pooler refuses.
pub(super) const REFUSES_PGOPTIONS: &str = "remove the variable PGOPTIONS, or let the pooler ignore what it asks for \
                                            (PgBouncer: ignore_startup_parameters = options)";

/// A pooler at its limit lets a connection wait. On a busy machine, opening one takes a second.
const MAX_WAIT: Duration = Duration::from_secs(3);

/// Whether a pooler gives one session of PostgreSQL to several connections, whose prepared statements then meet each
/// other. `connection` must have prepared a statement. `false` if that does not show: while others use the pooler, the
/// next connection may get a session that none of them has used before.
pub(super) async fn shares_sessions(connection: &DatabaseConnection) -> bool {
    let Some(pool) = postgres(connection) else {
        return false;
    };

    // The driver gives the first statement of every connection the same name.
    let options = pool.connect_options();
    let prepare_on_another_connection = async {
        let mut other = PgConnection::connect_with(&options).await?;
        let prepared = sqlx::query("select 1").execute(&mut other).await;

        let _ = other.close().await;
        prepared
    };
    match timeout(MAX_WAIT, prepare_on_another_connection).await {
        Ok(Err(SqlxError::Database(error))) => error.try_downcast_ref().is_some_and(is_another_statement),
        // A database without a connection to spare is none of our business here.
        Ok(_) | Err(_) => false,
    }
}

/// How the text of such an error begins.
pub(super) const FOREIGN_ROW: &str = "a row of another statement";

/// The error of a row that cannot be read from PostgreSQL. PostgreSQL's ids have 16 bytes, so a row whose id has not is
/// one of another statement, with the same parameters: [`DbErr::Custom`].
pub(super) fn row_error(error: DbErr) -> DbErr {
    let is_another_row = match &error {
        DbErr::Query(RuntimeErr::SqlxError(error)) => {
            matches!(&**error, SqlxError::ColumnDecode { source, .. } if source.is::<uuid::Error>())
        }
        _ => false,
    };

    if is_another_row {
        DbErr::Custom(format!("{FOREIGN_ROW}: {error}"))
    } else {
        error
    }
}

/// Whether the statement that the driver prepared is not the one that was executed.
pub(super) fn is_another_statement(error: &PgDatabaseError) -> bool {
    match error.code() {
        // invalid_sql_statement_name, duplicate_prepared_statement.
        "26000" | "42P05" => true,
        // Another statement with this name takes other parameters. The driver sends those that the server described to
        // it, so there is no other cause: the number of values, the bytes of a value, the type of an array's elements.
        "08P01" | "22P03" | "42804" => {
            matches!(
                error.routine(),
                Some("exec_bind_message" | "array_recv" | "pq_copymsgbytes")
            )
        }
        _ => false,
    }
}
