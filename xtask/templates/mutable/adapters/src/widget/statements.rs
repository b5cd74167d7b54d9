//! The statements on the table `widget`, by SeaORM's query builder. It builds the dialect of either database.

use domain::{
    Expected,
    widget::{Widget, WidgetContent, WidgetId},
};
use sea_orm::{
    Condition, DbBackend, Iterable, QueryOrder, QuerySelect, QueryTrait, Statement,
    entity::prelude::*,
    sea_query::{self, OnConflict, Query, ReturningClause},
};

use super::entity::{Column, Entity, content_columns, row};
use crate::database::{idempotent::Keyed, table::uuid};

/// Inserts the widgets. A stored id is an error.
pub(super) fn insert(backend: DbBackend, widgets: &[Widget]) -> Statement {
    let rows = widgets.iter().map(|widget| row(widget, None));
    Entity::insert_many(rows).build(backend)
}

/// Inserts the widgets whose keys are not stored, and returns the row that is stored under each key. A stored id is an
/// error all the same, because only the index of the keys is named.
///
/// To write a stored key once more changes nothing; it makes the database return the row, which no other call can
/// remove in between.
pub(super) fn insert_idempotent(backend: DbBackend, widgets: &[Keyed<'_, Widget>]) -> Statement {
    let rows = widgets.iter().map(|new| row(new.item, Some(&new.key.owned)));
    let stored_key = OnConflict::column(Column::IdempotencyKey)
        .target_and_where(Column::IdempotencyKey.is_not_null())
        .update_column(Column::IdempotencyKey)
        .to_owned();

    let mut insert = Entity::insert_many(rows).on_conflict(stored_key);
    QueryTrait::query(&mut insert).returning(all_columns());
    insert.build(backend)
}

/// The rows with these ids.
pub(super) fn find(backend: DbBackend, ids: &[WidgetId]) -> Statement {
    let ids = ids.iter().map(|id| uuid(*id));
    Entity::find().filter(Column::Id.is_in(ids)).build(backend)
}

/// The newest rows; with `before`, the newest of those with a smaller id. The ids are a keyset, not an offset: an index
/// range scan whose cost does not grow with the depth of the page.
pub(super) fn latest(backend: DbBackend, before: Option<WidgetId>, limit: usize) -> Statement {
    Entity::find()
        .apply_if(before, |query, before| query.filter(Column::Id.lt(uuid(before))))
        .order_by_desc(Column::Id)
        .limit(sql_limit(limit))
        .build(backend)
}

/// The oldest rows with a larger id, oldest first: the same scan in the other direction.
pub(super) fn after(backend: DbBackend, after: WidgetId, limit: usize) -> Statement {
    Entity::find()
        .filter(Column::Id.gt(uuid(after)))
        .order_by_asc(Column::Id)
        .limit(sql_limit(limit))
        .build(backend)
}

/// Replaces the content if the row is in an expected version, and returns the row. One statement, so that no other
/// write comes between the comparison and the update.
pub(super) fn update(
    backend: DbBackend,
    id: WidgetId,
    content: &WidgetContent,
    expected: &Expected,
) -> Statement {
    let mut update = Entity::update_many()
        .set(content_columns(content))
        .col_expr(Column::Version, sea_query::ExprTrait::add(Expr::col(Column::Version), 1))
        .filter(writable(id, expected));

    QueryTrait::query(&mut update).returning(all_columns());
    update.build(backend)
}

/// Removes the row if it is in an expected version.
pub(super) fn remove(backend: DbBackend, id: WidgetId, expected: &Expected) -> Statement {
    Entity::delete_many().filter(writable(id, expected)).build(backend)
}

/// Databases have no larger limit than the largest `i64`.
fn sql_limit(limit: usize) -> u64 {
    u64::try_from(limit).unwrap_or(u64::MAX).min(i64::MAX.cast_unsigned())
}

fn writable(id: WidgetId, expected: &Expected) -> Condition {
    let row = Condition::all().add(Column::Id.eq(uuid(id)));

    match expected {
        Expected::Any => row,
        Expected::OneOf(versions) => {
            row.add(Column::Version.is_in(versions.iter().map(|version| version.get())))
        }
    }
}

/// With the name of the table: without it, SQLite takes the quoted name of a column that the connection does not know,
/// such as one that a migration has just added, for a text.
fn all_columns() -> ReturningClause {
    Query::returning().columns(Column::iter().map(|column| column.as_column_ref()))
}
