//! The table: THE list of a tweet's columns, from which all statements are built.

use std::sync::LazyLock;

use domain::tweet::Tweet;
use sea_orm::sea_query::ArrayType;

use crate::database::table::{Column, Table, uuid};

pub(super) const TABLE_NAME: &str = "tweet";

/// The table, which the migrations create. Each column stands beside the value that it stores.
pub(super) static TABLE: LazyLock<Table<Tweet>> = LazyLock::new(|| {
    Table::new(
        TABLE_NAME,
        vec![
            Column {
                name: "id",
                sql_type: "uuid",
                array_type: ArrayType::Uuid,
                value: |tweet| uuid(tweet.id).into(),
            },
            Column {
                name: "text",
                sql_type: "text",
                array_type: ArrayType::String,
                value: |tweet| tweet.text.as_str().into(),
            },
            Column {
                name: "timestamp",
                sql_type: "timestamptz",
                array_type: ArrayType::ChronoDateTimeUtc,
                value: |tweet| tweet.timestamp.into(),
            },
        ],
    )
});

/// Does not compile when [`Tweet`] gets a field: add its column above, and then its name here.
fn _every_field_has_a_column(tweet: &Tweet) {
    let Tweet {
        id: _,
        text: _,
        timestamp: _,
    } = tweet;
}
