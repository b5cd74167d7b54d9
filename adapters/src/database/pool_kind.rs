//! The driver's pool behind SeaORM's connection.

use sea_orm::{
    DatabaseConnection, DatabaseConnectionType, SqlxPostgresConnector,
    sqlx::{PgPool, SqlitePool},
};

/// The PostgreSQL pool, if it is one.
pub(crate) fn postgres(database: &DatabaseConnection) -> Option<&PgPool> {
    match &database.inner {
        DatabaseConnectionType::SqlxPostgresPoolConnection(_) => {
            Some(database.get_postgres_connection_pool())
        }
        _ => None,
    }
}

/// The SQLite pool, if it is one.
pub(crate) fn sqlite(database: &DatabaseConnection) -> Option<&SqlitePool> {
    match &database.inner {
        DatabaseConnectionType::SqlxSqlitePoolConnection(_) => Some(database.get_sqlite_connection_pool()),
        _ => None,
    }
}

/// A pool with the same options that has no connection yet. `None` if that gains nothing: this pool has no connection
/// either, or is SQLite, which runs in this process.
pub(crate) fn reconnect_lazily(database: &DatabaseConnection) -> Option<DatabaseConnection> {
    let pool = postgres(database).filter(|pool| pool.size() > 0)?;

    let new = pool
        .options()
        .clone()
        .connect_lazy_with((*pool.connect_options()).clone());
    Some(SqlxPostgresConnector::from_sqlx_postgres_pool(new))
}
