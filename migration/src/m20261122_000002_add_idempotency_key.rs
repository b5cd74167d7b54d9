//! Adds the idempotency key to the table of tweets: a column and its unique index.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Tweet {
    Table,
    IdempotencyKey,
}

/// Partial, so that tweets without a key, which are most, take no space in it.
const INDEX: &str = "create unique index tweet_idempotency_key on tweet (idempotency_key) \
                     where idempotency_key is not null";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let key = ColumnDef::new(Tweet::IdempotencyKey)
            .string_len(255)
            .null()
            .take();
        manager
            .alter_table(Table::alter().table(Tweet::Table).add_column(key).take())
            .await?;

        manager.get_connection().execute_unprepared(INDEX).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .get_connection()
            .execute_unprepared("drop index tweet_idempotency_key")
            .await?;

        manager
            .alter_table(
                Table::alter()
                    .table(Tweet::Table)
                    .drop_column(Tweet::IdempotencyKey)
                    .take(),
            )
            .await
    }
}
