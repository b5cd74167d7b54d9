//! Creates the table of tweets.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Tweet {
    Table,
    Id,
    Text,
    Timestamp,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table(Tweet::Table)
            // The 128 bits of a ULID: the primary key is sorted by time of creation, and pages need no other index.
            .col(ColumnDef::new(Tweet::Id).uuid().not_null().primary_key())
            .col(ColumnDef::new(Tweet::Text).string_len(140).not_null())
            .col(
                ColumnDef::new(Tweet::Timestamp)
                    .timestamp_with_time_zone()
                    .not_null(),
            );

        if manager.get_database_backend() == DatabaseBackend::Sqlite {
            // Otherwise SQLite stores the rows in the order of arrival, and the ids in a second tree.
            table.extra("WITHOUT ROWID");
        }

        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(Tweet::Table).to_owned())
            .await
    }
}
