//! Arrays as values that PostgreSQL statements bind, with elements that may be null.
//!
//! `sea-query-sqlx` binds the same arrays, but panics if an element is null.

use sea_orm::{
    DbErr, RuntimeErr, SqlxError, Value, Values,
    prelude::{Date, DateTime, DateTimeUtc, DateTimeWithTimeZone, Time, Uuid},
    sea_query::{ArrayType, Nullable, ValueType},
    sqlx::{Arguments, Encode, IntoArguments, Postgres, Type, postgres::PgArguments},
};
use sea_query_sqlx::SqlxValues;

/// Binds an array whose element type is known.
type Bind = fn(&mut PgArguments, Vec<Value>) -> Result<(), DbErr>;

/// The values of a statement. If they are not all arrays that [`binder`] has, `sea-query-sqlx` binds them.
pub(super) fn arguments(values: Values) -> Result<PgArguments, DbErr> {
    let has_binder =
        |value: &Value| matches!(value, Value::Array(element, Some(_)) if binder(element).is_some());
    if !values.0.iter().all(has_binder) {
        return Ok(IntoArguments::<Postgres>::into_arguments(SqlxValues(values)));
    }

    let mut arguments = PgArguments::default();
    for value in values.0 {
        if let Value::Array(element, Some(values)) = value
            && let Some(bind) = binder(&element)
        {
            bind(&mut arguments, *values)?;
        }
    }

    Ok(arguments)
}

/// `None` for a type that the columns of a table rarely have.
fn binder(element: &ArrayType) -> Option<Bind> {
    Some(match element {
        ArrayType::Bool => bind::<bool>,
        ArrayType::SmallInt => bind::<i16>,
        ArrayType::Int => bind::<i32>,
        ArrayType::BigInt => bind::<i64>,
        ArrayType::Float => bind::<f32>,
        ArrayType::Double => bind::<f64>,
        ArrayType::String => bind::<String>,
        ArrayType::Bytes => bind::<Vec<u8>>,
        ArrayType::ChronoDate => bind::<Date>,
        ArrayType::ChronoTime => bind::<Time>,
        ArrayType::ChronoDateTime => bind::<DateTime>,
        ArrayType::ChronoDateTimeUtc => bind::<DateTimeUtc>,
        ArrayType::ChronoDateTimeWithTimeZone => bind::<DateTimeWithTimeZone>,
        ArrayType::Uuid => bind::<Uuid>,
        _ => return None,
    })
}

/// Fails if a value is of another type than the array.
fn bind<T>(arguments: &mut PgArguments, values: Vec<Value>) -> Result<(), DbErr>
where
    T: ValueType + Nullable,
    Vec<Option<T>>: for<'q> Encode<'q, Postgres> + Type<Postgres>,
{
    let elements: Result<Vec<_>, _> = values
        .into_iter()
        .map(<Option<T> as ValueType>::try_from)
        .collect();
    let elements = elements.map_err(|error| {
        let element = T::type_name();
        DbErr::Type(format!("a value of an array of {element}: {error}"))
    })?;

    arguments
        .add(elements)
        .map_err(|error| DbErr::Query(RuntimeErr::SqlxError(SqlxError::Encode(error).into())))
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, FromQueryResult};

    use super::*;
    use crate::{
        database::{
            self, Options,
            table::{Column, Table},
        },
        testing::FreshDatabase,
    };

    #[derive(Debug, Clone, PartialEq, FromQueryResult)]
    struct Row {
        id: i64,
        language: Option<String>,
        edited: Option<DateTimeUtc>,
        likes: Option<i64>,
    }

    fn table() -> Table<Row> {
        let columns = vec![
            Column {
                name: "id",
                sql_type: "bigint",
                array_type: ArrayType::BigInt,
                value: |row: &Row| row.id.into(),
            },
            Column {
                name: "language",
                sql_type: "text",
                array_type: ArrayType::String,
                value: |row| row.language.clone().into(),
            },
            Column {
                name: "edited",
                sql_type: "timestamptz",
                array_type: ArrayType::ChronoDateTimeUtc,
                value: |row| row.edited.into(),
            },
            Column {
                name: "likes",
                sql_type: "bigint",
                array_type: ArrayType::BigInt,
                value: |row| row.likes.into(),
            },
        ];
        Table::new("row", columns)
    }

    async fn nulls_are_stored(url: &str) {
        let database = database::connect(url, Options::default())
            .await
            .expect("a database");
        let create =
            r#"create table "row" (id bigint primary key, language text, edited timestamptz, likes bigint)"#;
        database
            .connection()
            .execute_unprepared(create)
            .await
            .expect("a table");

        let table = table();
        let empty = |id| Row {
            id,
            language: None,
            edited: None,
            likes: None,
        };
        let full = |id| Row {
            id,
            language: Some("en".to_owned()),
            edited: Some(DateTimeUtc::UNIX_EPOCH),
            likes: Some(7),
        };
        let mut rows = vec![full(1), empty(2), full(3)];
        // More than a SQLite statement can insert.
        rows.extend((4..9_000).map(empty));

        let pool = database.pool();
        let max = table.max_rows_per_statement();
        for rows in [&rows[..1], &rows[1..2], &rows[2..]] {
            let inserted = pool
                .execute_chunked(rows, max, |backend, rows| table.insert(backend, rows))
                .await
                .expect("inserted");
            assert_eq!(inserted, rows.len() as u64);
        }

        let mut stored = pool
            .read::<Row>(table.latest(pool.backend(), None, rows.len()))
            .await
            .expect("rows");
        stored.reverse();
        assert!(stored == rows, "the first rows are {:?}", &stored[..3]);
    }

    #[tokio::test]
    async fn postgres_stores_nulls() {
        nulls_are_stored(FreshDatabase::postgres().await.url()).await;
    }

    #[tokio::test]
    async fn sqlite_stores_nulls() {
        nulls_are_stored(FreshDatabase::sqlite().url()).await;
    }

    #[test]
    fn value_of_another_type_is_an_error() {
        let array = Value::Array(ArrayType::BigInt, Some(Box::new(vec!["text".into()])));

        let error = arguments(Values(vec![array])).expect_err("an error");
        assert!(matches!(error, DbErr::Type(_)), "{error}");
    }
}
