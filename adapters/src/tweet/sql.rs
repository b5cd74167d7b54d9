//! The table: THE list of a tweet's columns, from which all statements are built.

use std::sync::LazyLock;

use domain::Tweet;
use sea_orm::{Value, sea_query::ArrayType};

use crate::database::table::{Column, Table, uuid};

pub(super) const TABLE_NAME: &str = "tweet";

/// The columns, in the order of [`values`].
pub(super) const COLUMNS: [Column; 3] = [
    Column {
        name: "id",
        sql_type: "uuid",
        array_type: ArrayType::Uuid,
    },
    Column {
        name: "text",
        sql_type: "text",
        array_type: ArrayType::String,
    },
    Column {
        name: "timestamp",
        sql_type: "timestamptz",
        array_type: ArrayType::ChronoDateTimeUtc,
    },
];

/// The values of a tweet, in the order of [`COLUMNS`]. Destructured without `..`, so that a new field fails to compile
/// until it has a column.
fn values(tweet: &Tweet) -> [Value; COLUMNS.len()] {
    let Tweet { id, text, timestamp } = tweet;

    [uuid(*id).into(), text.as_str().into(), (*timestamp).into()]
}

/// The table `tweet`, which the migrations create.
pub(super) static TABLE: LazyLock<Table<Tweet, { COLUMNS.len() }>> =
    LazyLock::new(|| Table::new(TABLE_NAME, COLUMNS, values));

/// How many tweets fit into one statement.
pub(super) const MAX_ROWS_PER_STATEMENT: usize = Table::<Tweet, { COLUMNS.len() }>::MAX_ROWS_PER_STATEMENT;
