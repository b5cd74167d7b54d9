//! The migrations of this program, together with those that only the database knows.

use sea_orm_migration::{MigratorTraitSelf, prelude::*, sea_orm::EntityTrait, seaql_migrations};

use crate::Migrator;

/// The table in which applied migrations are recorded.
const TABLE: &str = "seaql_migrations";

/// What is applied to a database. As a migrator ([`MigratorTraitSelf`]) it has the migrations of this program and, after
/// them, those that another version applied. SeaORM's own migrator refuses a database with migrations that it does not
/// know, so after a rollback no program could start.
#[derive(Debug)]
pub struct AppliedMigrations {
    applied: Vec<String>,
}

impl AppliedMigrations {
    /// Reads it. Changes nothing, and needs no right but that to read.
    ///
    /// # Errors
    /// If the database cannot be queried.
    pub async fn read<'c>(connection: impl IntoSchemaManagerConnection<'c>) -> Result<Self, DbErr> {
        let manager = SchemaManager::new(connection.into_database_executor());
        if !manager.has_table(TABLE).await? {
            return Ok(Self { applied: Vec::new() });
        }

        let rows = seaql_migrations::Entity::find()
            .all(manager.get_connection())
            .await?;
        let applied = rows.into_iter().map(|row| row.version).collect();
        Ok(Self { applied })
    }

    /// The names of the migrations that are not applied yet, oldest first.
    pub fn pending(&self) -> Vec<String> {
        let mut names = known();
        names.retain(|name| !self.applied.contains(name));
        names
    }

    /// The names of the migrations that are applied and that this program does not have, oldest first.
    pub fn foreign(&self) -> Vec<String> {
        let known = known();
        let mut names = self.applied.clone();
        names.retain(|name| !known.contains(name));
        names.sort();
        names
    }

    /// Whether this migration is applied.
    pub fn is_applied(&self, name: &str) -> bool {
        self.applied.iter().any(|applied| applied == name)
    }
}

impl MigratorTraitSelf for AppliedMigrations {
    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        let foreign = self.foreign().into_iter().map(Foreign);
        let foreign = foreign.map(|migration| Box::new(migration) as Box<dyn MigrationTrait>);

        <Migrator as MigratorTrait>::migrations()
            .into_iter()
            .chain(foreign)
            .collect()
    }
}

/// The names of this program's migrations, oldest first.
#[must_use]
pub fn known() -> Vec<String> {
    let migrations = <Migrator as MigratorTrait>::migrations();
    migrations
        .iter()
        .map(|migration| migration.name().to_owned())
        .collect()
}

/// Stands for a migration of which only the name is known.
struct Foreign(String);

impl MigrationName for Foreign {
    fn name(&self) -> &str {
        &self.0
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Foreign {
    async fn up(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(self.not_here())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(self.not_here())
    }
}

impl Foreign {
    fn not_here(&self) -> DbErr {
        DbErr::Migration(format!("this version does not have the migration {}", self.0))
    }
}
