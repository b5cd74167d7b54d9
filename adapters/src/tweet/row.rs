//! The row: a tweet as the database returns it.

use domain::{RepositoryError, Tweet, TweetId, TweetText};
use sea_orm::{FromQueryResult, prelude::*};

use super::sql;
use crate::database::error::CorruptRow;

/// A row of the table `tweet`, without its idempotency key. Its fields are those of [`sql::COLUMNS`], by name.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct Model {
    pub(super) id: Uuid,
    text: String,
    timestamp: DateTimeUtc,
}

impl TryFrom<Model> for Tweet {
    type Error = RepositoryError;

    /// Fails if another program wrote a text that breaks the rules of [`TweetText`].
    fn try_from(row: Model) -> Result<Self, RepositoryError> {
        let Model { id, text, timestamp } = row;
        let id = TweetId::from_u128(id.as_u128());
        let text = TweetText::new(&text).map_err(|reason| CorruptRow {
            table: sql::TABLE_NAME,
            id: id.to_string(),
            reason,
        })?;

        Ok(Self { id, text, timestamp })
    }
}
