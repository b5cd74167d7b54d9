//! A tweet as the database returns it.

use domain::{
    RepositoryError,
    tweet::{Tweet, TweetId, TweetText},
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

    /// Fails if another program wrote a text that breaks the rules of [`TweetText`].
    fn try_from(row: TweetRow) -> Result<Self, RepositoryError> {
        let TweetRow { id, text, timestamp } = row;
        let id = TweetId::from_u128(id.as_u128());
        let text = TweetText::new(&text).map_err(|reason| CorruptRow {
            table: sql::TABLE_NAME,
            id: id.to_string(),
            reason,
        })?;

        Ok(Self { id, text, timestamp })
    }
}
