//! The statements of a resource, built from one list of its columns.
//!
//! On PostgreSQL a statement has the same text for batches of any size, so that it is prepared once per connection: the
//! values are bound as arrays. SQLite prepares cheaply and has no arrays; it gets lists of values.

use domain::Id;
use sea_orm::{DbBackend, Statement, Value, prelude::Uuid, sea_query::ArrayType};

use super::{
    idempotent::Keyed,
    query::{self, MAX_BIND_VALUES},
};

/// A column of a [`Table`] of items `T`.
pub struct Column<T> {
    /// The name of the column. It is quoted in statements, so it may be a word of SQL, such as `order`.
    pub name: &'static str,
    /// Its type in PostgreSQL.
    pub sql_type: &'static str,
    /// The same type, as SeaORM calls it.
    pub array_type: ArrayType,
    /// The value of an item in this column.
    pub value: fn(&T) -> Value,
}

/// The table of a resource. The column `id` holds ids, as UUIDs, and is the primary key. The column [`IDEMPOTENCY_KEY`]
/// holds a [`StoredKey`](super::stored_key::StoredKey) or null, and has a partial unique index of the keys that are not
/// null.
pub struct Table<T> {
    columns: Vec<Column<T>>,
    sql: Sql,
}

/// The name of the column that a [`Table`] has besides those of its list.
pub const IDEMPOTENCY_KEY: &str = "idempotency_key";

/// The texts of the statements. Of a SQLite statement whose text depends on the number of rows, only the part before
/// the rows is stored.
struct Sql {
    insert: String,
    insert_idempotent: String,
    insert_prefix: String,
    insert_idempotent_prefix: String,
    where_key_is_new: String,
    find: String,
    find_prefix: String,
    find_by_keys: String,
    find_by_keys_prefix: String,
    latest: String,
    latest_before: String,
    after: String,
}

impl<T> Table<T> {
    /// A table with this name and these columns.
    pub fn new(name: &str, columns: Vec<Column<T>>) -> Self {
        let sql = Sql::new(name, &columns);

        Self { columns, sql }
    }

    /// The maximum number of rows in a statement. In SQLite, each column of each row is a bound value, and so are the
    /// two forms of its key.
    pub fn max_rows_per_statement(&self) -> usize {
        MAX_BIND_VALUES / (self.columns.len() + 2)
    }

    /// Inserts the items. A stored id is an error.
    pub fn insert(&self, backend: DbBackend, items: &[T]) -> Statement {
        if backend == DbBackend::Postgres {
            let arrays = self.arrays(items.iter());
            return Statement::from_sql_and_values(backend, &self.sql.insert, arrays);
        }

        let rows = rows_of(items.len(), self.columns.len());
        let sql = format!("{} values {rows}", self.sql.insert_prefix);
        let values = items.iter().flat_map(|item| self.row(item));
        Statement::from_sql_and_values(backend, sql, values)
    }

    /// Inserts the items whose keys are not stored. A stored id is an error all the same.
    pub fn insert_idempotent(&self, backend: DbBackend, items: &[Keyed<'_, T>]) -> Statement {
        let owned = |new: &Keyed<'_, T>| Value::from(new.key.owned.as_str());
        let former = |new: &Keyed<'_, T>| Value::from(new.key.former);

        if backend == DbBackend::Postgres {
            let owned = query::array(ArrayType::String, items.iter().map(owned).collect());
            let former = query::array(ArrayType::String, items.iter().map(former).collect());
            let arrays = self.arrays(items.iter().map(|new| new.item));
            let arrays = arrays.chain([owned, former]);
            return Statement::from_sql_and_values(backend, &self.sql.insert_idempotent, arrays);
        }

        let sql = format!(
            "{} from (values {}) {}",
            self.sql.insert_idempotent_prefix,
            rows_of(items.len(), self.columns.len() + 2),
            self.sql.where_key_is_new
        );
        let values = items
            .iter()
            .flat_map(|new| self.row(new.item).chain([owned(new), former(new)]));
        Statement::from_sql_and_values(backend, sql, values)
    }

    /// The rows with these ids.
    pub fn find(&self, backend: DbBackend, ids: &[Id<T>]) -> Statement {
        let ids = ids.iter().map(|id| uuid(*id).into());

        if backend == DbBackend::Postgres {
            let ids = query::array(ArrayType::Uuid, ids.collect());
            return Statement::from_sql_and_values(backend, &self.sql.find, [ids]);
        }

        let sql = format!("{} {}", self.sql.find_prefix, row_of(ids.len()));
        Statement::from_sql_and_values(backend, sql, ids)
    }

    /// The rows with these idempotency keys, in either form, each with its key.
    pub fn find_by_keys(&self, backend: DbBackend, items: &[Keyed<'_, T>]) -> Statement {
        let forms = |new: &Keyed<'_, T>| [new.key.owned.as_str().into(), new.key.former.into()];
        let keys: Vec<Value> = items.iter().flat_map(forms).collect();

        if backend == DbBackend::Postgres {
            let keys = query::array(ArrayType::String, keys);
            return Statement::from_sql_and_values(backend, &self.sql.find_by_keys, [keys]);
        }

        let sql = format!("{} {}", self.sql.find_by_keys_prefix, row_of(keys.len()));
        Statement::from_sql_and_values(backend, sql, keys)
    }

    /// The newest rows; with `before`, the newest of those with a smaller id. SQLite accepts the same texts, with `$1`.
    pub fn latest(&self, backend: DbBackend, before: Option<Id<T>>, limit: usize) -> Statement {
        let limit = Value::from(i64::try_from(limit).unwrap_or(i64::MAX));

        match before {
            None => Statement::from_sql_and_values(backend, &self.sql.latest, [limit]),
            Some(before) => {
                let values = [uuid(before).into(), limit];
                Statement::from_sql_and_values(backend, &self.sql.latest_before, values)
            }
        }
    }

    /// The oldest rows with a larger id, oldest first.
    pub fn after(&self, backend: DbBackend, after: Id<T>, limit: usize) -> Statement {
        let limit = Value::from(i64::try_from(limit).unwrap_or(i64::MAX));
        Statement::from_sql_and_values(backend, &self.sql.after, [uuid(after).into(), limit])
    }

    /// The values of one row, in the order of the columns.
    fn row(&self, item: &T) -> impl Iterator<Item = Value> {
        self.columns.iter().map(|column| (column.value)(item))
    }

    /// The values of all rows: one array for each column.
    fn arrays<'a>(&self, items: impl Iterator<Item = &'a T> + Clone) -> impl Iterator<Item = Value>
    where
        T: 'a,
    {
        self.columns.iter().map(move |column| {
            let values = items.clone().map(column.value).collect();
            query::array(column.array_type.clone(), values)
        })
    }
}

impl Sql {
    fn new<T>(table: &str, columns: &[Column<T>]) -> Self {
        let table = quoted(table);
        let names: Vec<_> = columns.iter().map(|column| quoted(column.name)).collect();
        let names = names.join(", ");
        let arrays: Vec<_> = columns
            .iter()
            .zip(1..)
            .map(|(column, n)| format!("${n}::{}[]", column.sql_type))
            .collect();
        let arrays = arrays.join(", ");
        // `column1`, `column2`, … are SQLite's names of the columns of values.
        let value_columns: Vec<_> = (1..=columns.len() + 2).map(|n| format!("column{n}")).collect();
        let (inserted, all) = (
            value_columns[..=columns.len()].join(", "),
            value_columns.join(", "),
        );
        let [owned, former] = [columns.len() + 1, columns.len() + 2];
        let stored_key =
            format!("select 1 from {table} where {IDEMPOTENCY_KEY} is not null and {IDEMPOTENCY_KEY}");

        let insert_prefix = format!("insert into {table} ({names})");
        let insert_idempotent_prefix =
            format!("insert into {table} ({names}, {IDEMPOTENCY_KEY}) select {inserted}");
        // With the name of the table: without it, SQLite takes the quoted name of a column that the connection does not
        // know, such as one that a migration has just added, for a text.
        let selected: Vec<_> = columns
            .iter()
            .map(|column| format!("{table}.{}", quoted(column.name)))
            .collect();
        let selected = selected.join(", ");
        let select = format!("select {selected} from {table}");
        // With the condition of the partial index, so that the planner can use it.
        let select_by_keys =
            format!("select {selected}, {IDEMPOTENCY_KEY} from {table} where {IDEMPOTENCY_KEY} is not null");

        Self {
            insert: format!("{insert_prefix} select * from unnest({arrays})"),
            // Names the index of the keys: only a stored key makes this skip an item, a stored id is an error.
            // `offset 0` makes the planner look up each former key in the index; in an empty table, it would join with
            // all rows, and still do so long after the table has grown.
            insert_idempotent: format!(
                "{insert_idempotent_prefix} \
                 from unnest({arrays}, ${owned}::text[], ${former}::text[]) as new({all}) \
                 where not exists ({stored_key} = column{former} offset 0) \
                 on conflict ({IDEMPOTENCY_KEY}) where {IDEMPOTENCY_KEY} is not null do nothing"
            ),
            // SQLite has one writer at a time, so nothing is stored between this check and the insertion. With `=`
            // instead of `in`, it reads the whole table for each item if the index was empty when it was analysed.
            where_key_is_new: format!("where not exists ({stored_key} in (column{owned}, column{former}))"),
            find: format!("{select} where id = any($1::uuid[])"),
            find_prefix: format!("{select} where id in"),
            find_by_keys: format!("{select_by_keys} and {IDEMPOTENCY_KEY} = any($1::text[])"),
            find_by_keys_prefix: format!("{select_by_keys} and {IDEMPOTENCY_KEY} in"),
            latest: format!("{select} order by id desc limit $1"),
            // Keyset, not offset: an index range scan whose cost does not grow with the depth of the page.
            latest_before: format!("{select} where id < $1 order by id desc limit $2"),
            after: format!("{select} where id > $1 order by id limit $2"),
            insert_prefix,
            insert_idempotent_prefix,
        }
    }
}

/// A name as an SQL identifier, which may be any word.
fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// An id as the database stores it: the 128 bits, so that the order of the primary key is the order of the ids.
pub fn uuid<T>(id: Id<T>) -> Uuid {
    Uuid::from_u128(id.as_u128())
}

/// `(?, ?, …)`
fn row_of(values: usize) -> String {
    format!("({})", vec!["?"; values].join(", "))
}

/// `(?, ?, …), (?, ?, …), …`
fn rows_of(rows: usize, columns: usize) -> String {
    vec![row_of(columns); rows].join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_be_words_of_sql() {
        let user = Column {
            name: "user",
            sql_type: "bigint",
            array_type: ArrayType::BigInt,
            value: |item: &i64| (*item).into(),
        };
        let table = Table::new("order", vec![user]);

        let postgres = table.insert(DbBackend::Postgres, &[1, 2]);
        assert_eq!(
            postgres.sql,
            r#"insert into "order" ("user") select * from unnest($1::bigint[])"#
        );

        let sqlite = table.insert(DbBackend::Sqlite, &[1, 2]);
        assert_eq!(sqlite.sql, r#"insert into "order" ("user") values (?), (?)"#);
    }
}
