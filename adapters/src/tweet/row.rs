//! A tweet as the database returns it.

use std::error::Error;

use domain::{
    RepositoryError,
    tweet::{Tweet, TweetId},
};
use sea_orm::{FromQueryResult, prelude::*};

use super::sql;
use crate::database::error::CorruptRow;

/// A row of the table `tweet`, without its idempotency key. Its fields are the columns of [`sql::TABLE`], by name.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct TweetRow {
    pub(super) id: Uuid,
    text: String,
    timestamp: DateTimeUtc,
}

impl TryFrom<TweetRow> for Tweet {
    type Error = RepositoryError;

    /// Fails if another program wrote a value that breaks the rules of its field.
    fn try_from(row: TweetRow) -> Result<Self, RepositoryError> {
        let id = TweetId::from_u128(row.id.as_u128());

        Ok(Self {
            id,
            text: domain::tweet::TweetText::new(&row.text).map_err(|reason| corrupt(id, reason))?,
            timestamp: row.timestamp,
        })
    }
}

fn corrupt<E: Error + Send + Sync + 'static>(id: TweetId, reason: E) -> RepositoryError {
    CorruptRow {
        table: sql::TABLE_NAME,
        id: id.to_string(),
        reason,
    }
    .into()
}
