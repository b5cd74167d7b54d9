//! The resource that these tests use. Another one needs changes only here.

pub(crate) use adapters::tweet::SeaOrmTweetRepository as Repository;
pub(crate) use domain::{
    testing::tweet::{idempotent, tweet as item},
    tweet::{Tweet as Item, TweetRepository as RepositoryPort},
};

/// The name of its table.
pub(crate) const TABLE: &str = "tweet";

/// The column of its text.
pub(crate) const TEXT_COLUMN: &str = "text";

/// An item with the id of `item(n)` and other content.
pub(crate) fn other_item_with_id_of(n: u64) -> Item {
    Item {
        text: "another text".to_owned().try_into().expect("a valid text"),
        ..item(n)
    }
}
