//! Rights of the role under which the service runs, where there is such a role.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

/// Lets the role `service` change and remove the rows of a table, if the database has that role: `docker/db/roles.sh`
/// creates it for the compose stack, and lets it only read and insert by default. A migration calls this for a table whose
/// items change. Such a table has a column `version` of the type `bigint`, by which the script knows it.
///
/// # Errors
/// If the role that migrates does not own the table.
pub async fn allow_changes(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() != DatabaseBackend::Postgres {
        return Ok(());
    }

    let grant = format!(
        "do $$ begin
             if exists (select from pg_roles where rolname = 'service') then
                 grant update, delete on \"{table}\" to service;
             end if;
         end $$"
    );
    manager.get_connection().execute_unprepared(&grant).await?;
    Ok(())
}
