//! The encoding of a PostgreSQL database.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// The only encoding in which every text can be stored: <https://www.postgresql.org/docs/current/multibyte.html>.
const UTF8: &str = "UTF8";

/// The database's encoding, if it is PostgreSQL's and not UTF-8.
///
/// # Errors
/// If the database cannot be queried.
pub(super) async fn other_than_utf8(connection: &impl ConnectionTrait) -> Result<Option<String>, DbErr> {
    if connection.get_database_backend() != DbBackend::Postgres {
        return Ok(None);
    }

    let statement = Statement::from_string(DbBackend::Postgres, "show server_encoding");
    let encoding = match connection.query_one_raw(statement).await? {
        Some(row) => row.try_get::<String>("", "server_encoding")?,
        None => return Ok(None),
    };
    Ok(Some(encoding).filter(|encoding| encoding != UTF8))
}
