//! Widgets in PostgreSQL or SQLite, through [SeaORM](https://www.sea-ql.org/SeaORM/). One implementation serves both.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    RepositoryError,
    widget::{IdempotentWidget, Widget, WidgetId, WidgetRepository},
};
use sea_orm::DbErr;

use super::{row::WidgetRow, sql::TABLE};
use crate::database::{Attempt, Database, PoolGeneration, error::is_conflict, idempotent};

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
        let count = widgets.len();
        let insertion = self
            .database
            .run(
                |pool, _| async move { idempotent::insert::<_, WidgetRow>(&pool, &TABLE, keyed, count).await },
            )
            .await?;

        insertion.stored(widgets)
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
            let statement = TABLE.latest(pool.backend(), before, limit);
            pool.read::<WidgetRow>(statement).await
        };

        let rows = self.database.run(call).await?;
        rows.into_iter().map(Widget::try_from).collect()
    }

    async fn after(&self, after: WidgetId, limit: usize) -> Result<Vec<Widget>, RepositoryError> {
        let call = |pool: Arc<PoolGeneration>, _| async move {
            let statement = TABLE.after(pool.backend(), after, limit);
            pool.read::<WidgetRow>(statement).await
        };

        let rows = self.database.run(call).await?;
        rows.into_iter().map(Widget::try_from).collect()
    }
}

/// Adds all or none. In a retry, the first attempt may have stored the widgets, which then conflict with themselves.
async fn add(pool: Arc<PoolGeneration>, widgets: &[Widget], attempt: Attempt) -> Result<(), DbErr> {
    let inserted = pool
        .execute_chunked(widgets, TABLE.max_rows_per_statement(), |backend, widgets| {
            TABLE.insert(backend, widgets)
        })
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
    let mut widgets: Vec<_> = widgets.iter().collect();
    widgets.sort_unstable_by_key(|widget| widget.id);

    let ids: Vec<_> = widgets.iter().map(|widget| widget.id).collect();
    let mut rows = find(pool, &ids).await?;
    rows.sort_unstable_by_key(|row| row.id);

    let is_same =
        |(row, widget): (WidgetRow, &Widget)| Widget::try_from(row).is_ok_and(|stored| stored == *widget);
    Ok(rows.len() == widgets.len() && rows.into_iter().zip(widgets).all(is_same))
}

async fn find(pool: &PoolGeneration, ids: &[WidgetId]) -> Result<Vec<WidgetRow>, DbErr> {
    pool.read_chunked(ids, TABLE.max_rows_per_statement(), |backend, ids| {
        TABLE.find(backend, ids)
    })
    .await
}
