//! Widgets in PostgreSQL or SQLite, through [SeaORM](https://www.sea-ql.org/SeaORM/). One implementation serves both.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use domain::{
    Expected, RepositoryError, WriteOutcome,
    widget::{IdempotentWidget, Widget, WidgetContent, WidgetId, WidgetRepository},
};
use sea_orm::DbErr;

use super::{
    entity::{Entity, Model},
    statements,
};
use crate::database::{
    Attempt, Database, PoolGeneration,
    error::is_conflict,
    idempotent::{self, Insertion},
    query::max_rows_per_statement,
};

/// [`WidgetRepository`] on a migrated database. A call whose connection is lost is made again on a new one.
#[derive(Debug, Clone)]
pub struct SeaOrmWidgetRepository {
    database: Database,
}

impl SeaOrmWidgetRepository {
    /// A repository on a database that [`connect`](crate::database::connect) opened.
    pub fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl WidgetRepository for SeaOrmWidgetRepository {
    async fn add(&self, widgets: &[Widget]) -> Result<(), RepositoryError> {
        if widgets.is_empty() {
            return Ok(());
        }

        let call = |pool, attempt| add(pool, widgets, attempt);
        Ok(self.database.run(call).await?)
    }

    async fn add_idempotent(&self, widgets: &[IdempotentWidget]) -> Result<Vec<Widget>, RepositoryError> {
        if widgets.is_empty() {
            return Ok(Vec::new());
        }

        let keyed = &*idempotent::keyed(widgets);
        let call = |pool: Arc<PoolGeneration>, _| async move {
            let max_rows = max_rows_per_statement::<Entity>();
            pool.write_chunked(keyed, max_rows, statements::insert_idempotent)
                .await
        };
        let rows: Vec<Model> = self.database.run(call).await?;

        let with_key = |row: Model| Some((row.idempotency_key.clone()?, row));
        let by_key: HashMap<_, _> = rows.into_iter().filter_map(with_key).collect();
        Insertion::Partial(by_key).stored(widgets)
    }

    async fn find(&self, ids: &[WidgetId]) -> Result<Vec<Widget>, RepositoryError> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();

        let ids = &*ids;
        let rows = self
            .database
            .run(|pool, _| async move { find(&pool, ids).await })
            .await?;
        rows.into_iter().map(Widget::try_from).collect()
    }

    async fn latest(&self, before: Option<WidgetId>, limit: usize) -> Result<Vec<Widget>, RepositoryError> {
        let call = |pool: Arc<PoolGeneration>, _| async move {
            let statement = statements::latest(pool.backend(), before, limit);
            pool.read::<Model>(statement).await
        };

        let rows = self.database.run(call).await?;
        rows.into_iter().map(Widget::try_from).collect()
    }

    async fn after(&self, after: WidgetId, limit: usize) -> Result<Vec<Widget>, RepositoryError> {
        let call = |pool: Arc<PoolGeneration>, _| async move {
            let statement = statements::after(pool.backend(), after, limit);
            pool.read::<Model>(statement).await
        };

        let rows = self.database.run(call).await?;
        rows.into_iter().map(Widget::try_from).collect()
    }

    async fn update(
        &self,
        id: WidgetId,
        content: &WidgetContent,
        expected: &Expected,
    ) -> Result<WriteOutcome<Widget>, RepositoryError> {
        let call = |pool, attempt| update(pool, id, content, expected, attempt);
        let outcome = self.database.run(call).await?;

        Ok(match outcome {
            WriteOutcome::Done(row) => WriteOutcome::Done(row.try_into()?),
            WriteOutcome::OtherVersion => WriteOutcome::OtherVersion,
            WriteOutcome::Absent => WriteOutcome::Absent,
        })
    }

    async fn remove(&self, id: WidgetId, expected: &Expected) -> Result<WriteOutcome<()>, RepositoryError> {
        let call = |pool, attempt| remove(pool, id, expected, attempt);
        Ok(self.database.run(call).await?)
    }
}

/// Adds all or none. In a retry, the first attempt may have stored the widgets, which then conflict with themselves.
async fn add(pool: Arc<PoolGeneration>, widgets: &[Widget], attempt: Attempt) -> Result<(), DbErr> {
    let max_rows = max_rows_per_statement::<Entity>();
    let inserted = pool
        .write_chunked::<_, Model>(widgets, max_rows, statements::insert)
        .await;

    match inserted {
        Ok(_) => Ok(()),
        Err(error)
            if attempt == Attempt::Retry && is_conflict(&error) && are_stored(&pool, widgets).await? =>
        {
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Whether exactly these widgets are stored, all of them.
async fn are_stored(pool: &PoolGeneration, widgets: &[Widget]) -> Result<bool, DbErr> {
    let ids: Vec<_> = widgets.iter().map(|widget| widget.id).collect();
    let rows = find(pool, &ids).await?;

    let mut stored: HashMap<_, _> = rows
        .into_iter()
        .filter_map(|row| Widget::try_from(row).ok())
        .map(|widget| (widget.id, widget))
        .collect();
    Ok(widgets
        .iter()
        .all(|widget| stored.remove(&widget.id).as_ref() == Some(widget)))
}

/// Updates in one statement, so that of concurrent writers one wins. In a retry, the first attempt may have done so:
/// then the row has our content, in the version after an expected one.
async fn update(
    pool: Arc<PoolGeneration>,
    id: WidgetId,
    content: &WidgetContent,
    expected: &Expected,
    attempt: Attempt,
) -> Result<WriteOutcome<Model>, DbErr> {
    let statement = statements::update(pool.backend(), id, content, expected);
    if let Some(updated) = pool.write::<Model>(statement).await?.pop() {
        return Ok(WriteOutcome::Done(updated));
    }

    let Some(row) = find(&pool, &[id]).await?.pop() else {
        return Ok(WriteOutcome::Absent);
    };
    let is_ours = |stored: Widget| {
        let Expected::OneOf(versions) = expected else {
            return false;
        };
        let follows = versions.iter().any(|version| version.next() == stored.version);
        follows && stored.content == *content
    };
    if attempt == Attempt::Retry && Widget::try_from(row.clone()).is_ok_and(is_ours) {
        return Ok(WriteOutcome::Done(row));
    }
    Ok(WriteOutcome::OtherVersion)
}

/// Removes in one statement. In a retry, the first attempt may have done so: then there is no row.
async fn remove(
    pool: Arc<PoolGeneration>,
    id: WidgetId,
    expected: &Expected,
    attempt: Attempt,
) -> Result<WriteOutcome<()>, DbErr> {
    let removed = pool
        .execute(statements::remove(pool.backend(), id, expected))
        .await?;
    if removed > 0 {
        return Ok(WriteOutcome::Done(()));
    }

    let is_stored = !find(&pool, &[id]).await?.is_empty();
    Ok(match attempt {
        _ if is_stored => WriteOutcome::OtherVersion,
        Attempt::Retry => WriteOutcome::Done(()),
        Attempt::First => WriteOutcome::Absent,
    })
}

async fn find(pool: &PoolGeneration, ids: &[WidgetId]) -> Result<Vec<Model>, DbErr> {
    pool.read_chunked(ids, max_rows_per_statement::<Entity>(), statements::find)
        .await
}
