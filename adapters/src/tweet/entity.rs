//! The row: a tweet as the table `tweet` has it.

use ::sea_orm::{ActiveValue::Set, entity::prelude::*};
use domain::{RepositoryError, Tweet, TweetId, TweetText};

use crate::database::error::Corrupt;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tweet")]
pub struct Model {
    /// The ULID's 128 bits, so that the order of the primary key is the order of the tweets.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub text: String,
    pub timestamp: DateTimeUtc,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub(crate) fn uuid(id: TweetId) -> Uuid {
    Uuid::from_u128(id.as_u128())
}

impl From<&Tweet> for ActiveModel {
    fn from(tweet: &Tweet) -> Self {
        Self {
            id: Set(uuid(tweet.id)),
            text: Set(tweet.text.as_str().to_owned()),
            timestamp: Set(tweet.timestamp),
        }
    }
}

impl TryFrom<Model> for Tweet {
    type Error = RepositoryError;

    /// A row that somebody else wrote may break the rules that a [`TweetText`] keeps.
    fn try_from(row: Model) -> Result<Self, RepositoryError> {
        let id = TweetId::from_u128(row.id.as_u128());
        let text = TweetText::new(&row.text).map_err(|source| Corrupt { id, source })?;
        Ok(Self {
            id,
            text,
            timestamp: row.timestamp,
        })
    }
}
