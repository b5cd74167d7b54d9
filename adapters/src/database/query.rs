//! Statements on the connections of a pool: single ones, and those that are split into chunks.

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, Iterable, RuntimeErr, SqlxError,
    Statement, TransactionTrait, Value, Values,
    sea_query::ArrayType,
    sqlx::{self, AssertSqlSafe, Postgres, postgres::PgArguments, query::Query},
};

use super::{bind_arrays, pool_kind::postgres, pooler, resilient_pool::PoolGeneration};

/// The maximum number of values that a statement can bind: SQLite's limit. PostgreSQL's is 65,535.
pub const MAX_BIND_VALUES: usize = 32_766;

/// The maximum number of rows of an entity in a statement that binds each of their columns.
pub fn max_rows_per_statement<E: EntityTrait>() -> usize {
    MAX_BIND_VALUES / E::Column::iter().count()
}

impl PoolGeneration {
    /// Which database this is.
    pub fn backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }

    /// Executes a statement and returns the number of affected rows.
    pub async fn execute(&self, statement: Statement) -> Result<u64, DbErr> {
        let affected = self.execute_one(statement).await?;
        self.disk_space.record_success();

        Ok(affected)
    }

    async fn execute_one(&self, statement: Statement) -> Result<u64, DbErr> {
        let Some(pool) = postgres(&self.connection) else {
            return Ok(self.connection.execute_raw(statement).await?.rows_affected());
        };

        let query = query(&statement.sql, statement.values)?;
        let mut pooled = self.hot_connections.take(pool).await?;
        let done = query
            .execute(&mut *pooled.connection)
            .await
            .map_err(query_error)?;
        self.hot_connections.put_back(pool, pooled);

        Ok(done.rows_affected())
    }

    /// Executes a query and returns its rows.
    ///
    /// # Errors
    /// Those of the driver.
    pub async fn read<Row: FromQueryResult>(&self, statement: Statement) -> Result<Vec<Row>, DbErr> {
        let Some(pool) = postgres(&self.connection) else {
            return Row::find_by_statement(statement).all(&self.connection).await;
        };

        let query = query(&statement.sql, statement.values)?;
        let mut pooled = self.hot_connections.take(pool).await?;
        let rows = query
            .fetch_all(&mut *pooled.connection)
            .await
            .map_err(query_error)?;
        self.hot_connections.put_back(pool, pooled);

        rows.into_iter()
            .map(|row| Row::from_query_result(&row.into(), "").map_err(pooler::row_error))
            .collect()
    }

    /// Executes a statement that changes rows, and returns the rows that it returns, such as an `update … returning`.
    ///
    /// # Errors
    /// Those of the driver. Nothing was changed, except that the outcome is unknown if the connection was lost.
    pub async fn write<Row: FromQueryResult>(&self, statement: Statement) -> Result<Vec<Row>, DbErr> {
        let rows = self.read(statement).await?;
        self.disk_space.record_success();

        Ok(rows)
    }

    /// The same for all items, in a transaction if they need more than one statement. On both databases, each item binds
    /// values of its own: see [`max_rows_per_statement`].
    ///
    /// # Errors
    /// As for [`write`](Self::write): all or none of the items were written.
    pub async fn write_chunked<T, Row: FromQueryResult>(
        &self,
        items: &[T],
        max_per_statement: usize,
        statement: impl Fn(DbBackend, &[T]) -> Statement,
    ) -> Result<Vec<Row>, DbErr> {
        let backend = self.backend();
        if items.len() <= max_per_statement {
            return self.write(statement(backend, items)).await;
        }

        let transaction = self.connection.begin().await?;
        let mut rows = Vec::new();
        for chunk in items.chunks(max_per_statement) {
            let statement = statement(backend, chunk);
            rows.append(&mut Row::find_by_statement(statement).all(&transaction).await?);
        }
        transaction.commit().await?;
        self.disk_space.record_success();

        Ok(rows)
    }

    /// Executes the statement for all items, in a transaction if they need more than one, and returns the number of
    /// affected rows. PostgreSQL needs one: it binds arrays of any length.
    pub async fn execute_chunked<T>(
        &self,
        items: &[T],
        max_per_statement: usize,
        statement: impl Fn(DbBackend, &[T]) -> Statement,
    ) -> Result<u64, DbErr> {
        let backend = self.backend();
        if backend == DbBackend::Postgres || items.len() <= max_per_statement {
            return self.execute(statement(backend, items)).await;
        }

        let transaction = self.connection.begin().await?;
        let mut affected = 0;
        for chunk in items.chunks(max_per_statement) {
            let done = transaction.execute_raw(statement(backend, chunk)).await?;
            affected += done.rows_affected();
        }
        transaction.commit().await?;
        self.disk_space.record_success();

        Ok(affected)
    }

    /// Executes the query for all items, in several statements if they need more than one, and returns all rows.
    ///
    /// # Errors
    /// Those of the driver.
    pub async fn read_chunked<T, Row: FromQueryResult>(
        &self,
        items: &[T],
        max_per_statement: usize,
        statement: impl Fn(DbBackend, &[T]) -> Statement,
    ) -> Result<Vec<Row>, DbErr> {
        let backend = self.backend();
        let mut rows = Vec::with_capacity(items.len());

        for chunk in items.chunks(max_per_statement) {
            rows.append(&mut self.read(statement(backend, chunk)).await?);
        }

        Ok(rows)
    }
}

/// A PostgreSQL array, bound as one value.
pub fn array(element: ArrayType, values: Vec<Value>) -> Value {
    Value::Array(element, Some(Box::new(values)))
}

/// `sql` must not contain values that a client sent. The texts of [`table`](super::table) are built from constants.
fn query(sql: &str, values: Option<Values>) -> Result<Query<'_, Postgres, PgArguments>, DbErr> {
    let values = values.unwrap_or_else(|| Values(Vec::new()));
    let arguments = bind_arrays::arguments(values)?;

    Ok(sqlx::query_with(AssertSqlSafe(sql), arguments))
}

fn query_error(error: SqlxError) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}
