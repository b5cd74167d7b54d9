//! The driver's pool behind SeaORM's connection.

use sea_orm::{
    DatabaseConnection, DatabaseConnectionType, SqlxPostgresConnector,
    sqlx::{PgPool, SqlitePool},
};

/// The PostgreSQL pool, if it is one.
pub(crate) fn postgres(connection: &DatabaseConnection) -> Option<&PgPool> {
    match &connection.inner {
        DatabaseConnectionType::SqlxPostgresPoolConnection(_) => {
            Some(connection.get_postgres_connection_pool())
        }
        _ => None,
    }
}

/// The SQLite pool, if it is one.
pub(crate) fn sqlite(connection: &DatabaseConnection) -> Option<&SqlitePool> {
    match &connection.inner {
        DatabaseConnectionType::SqlxSqlitePoolConnection(_) => Some(connection.get_sqlite_connection_pool()),
        _ => None,
    }
}

/// A pool with the same options that has no connection yet. `None` if that gains nothing: this pool has no connection
/// either, or is SQLite, which runs in this process.
pub(crate) fn reconnect_lazily(connection: &DatabaseConnection) -> Option<DatabaseConnection> {
    let pool = postgres(connection).filter(|pool| pool.size() > 0)?;

    let new = pool
        .options()
        .clone()
        .connect_lazy_with((*pool.connect_options()).clone());
    Some(SqlxPostgresConnector::from_sqlx_postgres_pool(new))
}
