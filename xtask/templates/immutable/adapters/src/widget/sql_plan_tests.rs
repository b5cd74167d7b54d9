//! Tests of the databases' plans for the statements: a page must be an index range scan at any depth, and keys must be
//! looked up in their index.
//!
//! They are here and not in `adapters/tests`, because they explain the statements of [`TABLE`], which is private.

use std::time::Duration;

use domain::{
    testing::widget::{owned, widget},
    widget::{Widget, WidgetId, WidgetRepository},
};
use migration::MigratorTrait;
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, Statement};

use super::{SeaOrmWidgetRepository, sql::TABLE};
use crate::{
    database::{Options, connect, idempotent::Keyed, stored_key::StoredKey},
    testing::FreshDatabase,
};

/// So many that no planner would read and sort them all.
const ROWS: u32 = 20_000;

/// A table with the ids 1 to [`ROWS`].
async fn filled(database: &FreshDatabase) -> DatabaseConnection {
    let options = Options {
        // SQLite's connections each hold the statistics of when they were opened.
        max_connections: 1,
        statement_timeout: Duration::from_secs(60),
        ..Options::default()
    };
    let pool = connect(database.url(), options).await.expect("a pool");
    let connection = pool.connection();
    migration::Migrator::up(&connection, None).await.expect("the schema");

    let row = |n: u32| Widget {
        id: WidgetId::from_u128(n.into()),
        ..widget(n.into())
    };
    let rows: Vec<Widget> = (1..=ROWS).map(row).collect();
    let repository = SeaOrmWidgetRepository::new(pool);
    repository.add(&rows).await.expect("rows");

    let analyze = match connection.get_database_backend() {
        DatabaseBackend::Postgres => "vacuum analyze \"widget\"",
        _ => "analyze",
    };
    connection.execute_unprepared(analyze).await.expect("statistics");
    connection
}

/// The plan of a statement with its parameters, as this kind of `explain` prints it.
async fn explain(pool: &DatabaseConnection, kind: &str, column: &str, mut statement: Statement) -> String {
    statement.sql = format!("{kind} {}", statement.sql);
    let rows = pool.query_all_raw(statement).await.expect("a plan");

    let lines = rows
        .iter()
        .map(|row| row.try_get::<String>("", column).expect("a line"));
    lines.collect::<Vec<_>>().join("\n")
}

fn id(n: u32) -> WidgetId {
    WidgetId::from_u128(n.into())
}

fn latest(pool: &DatabaseConnection, before: Option<u32>) -> Statement {
    TABLE.latest(pool.get_database_backend(), before.map(id), 51)
}

fn after(pool: &DatabaseConnection, after: u32) -> Statement {
    TABLE.after(pool.get_database_backend(), id(after), 51)
}

/// The number of blocks that a plan with `buffers` read: `Buffers: shared hit=3 read=1` are 4.
fn blocks(plan: &str) -> u32 {
    let (_, rest) = plan.split_once("Buffers: shared ").expect("a count of blocks");
    let counts = rest.lines().next().expect("a line").split(' ');

    counts
        .filter_map(|part| part.split_once('=')?.1.parse::<u32>().ok())
        .sum()
}

#[tokio::test]
async fn page_on_postgresql_is_an_index_range_scan_at_any_depth() {
    let database = FreshDatabase::postgres().await;
    let pool = filled(&database).await;

    let backward = "Index Scan Backward using widget_pkey on widget";
    let forward = "Index Scan using widget_pkey on widget";
    let older = [Some(ROWS), Some(ROWS / 2), Some(100)].map(|n| (latest(&pool, n), backward, "(id < "));
    let newer = [0, ROWS / 2, ROWS - 100].map(|n| (after(&pool, n), forward, "(id > "));
    let pages = [(latest(&pool, None), backward, "")].into_iter();

    for (page, scan, condition) in pages.chain(older).chain(newer) {
        let kind = "explain (analyze, buffers, costs off, timing off)";
        let plan = explain(&pool, kind, "QUERY PLAN", page).await;

        assert!(plan.contains(scan), "{plan}");
        let conditions: Vec<_> = plan.lines().filter(|line| line.contains("Cond: ")).collect();
        assert_eq!(conditions.len(), usize::from(!condition.is_empty()), "{plan}");
        assert!(conditions.iter().all(|line| line.contains(condition)), "{plan}");
        for slow in ["Sort", "Filter", "Seq Scan"] {
            assert!(!plan.contains(slow), "{plan}");
        }
        assert!(blocks(&plan) <= 6, "a page reads few blocks: {plan}");
    }
}

#[tokio::test]
async fn page_on_sqlite_is_an_index_range_scan() {
    let database = FreshDatabase::sqlite();
    let pool = filled(&database).await;

    let (older, newer) = (
        "SEARCH widget USING PRIMARY KEY (id<?)",
        "SEARCH widget USING PRIMARY KEY (id>?)",
    );
    for (page, expected) in [
        (latest(&pool, None), "SCAN widget"),
        (latest(&pool, Some(ROWS / 2)), older),
        (after(&pool, 0), newer),
        (after(&pool, ROWS / 2), newer),
    ] {
        let plan = explain(&pool, "explain query plan", "detail", page).await;

        // No temporary tree: the rows come in the order of the key.
        assert_eq!(plan, expected);
    }
}

/// An insertion under a key.
fn insertion(pool: &DatabaseConnection) -> Statement {
    let new = owned(1, Some("alice"), "key");
    let keyed = Keyed {
        item: &new.item,
        key: StoredKey::new(&new.key),
    };
    TABLE.insert_idempotent(pool.get_database_backend(), &[keyed])
}

#[tokio::test]
async fn keys_are_looked_up_in_their_index_on_postgresql() {
    let database = FreshDatabase::postgres().await;
    let pool = connect(database.url(), Options::default())
        .await
        .expect("a pool")
        .connection();
    migration::Migrator::up(&pool, None).await.expect("the schema");

    // In an empty table as well: connections reuse the plan of a prepared statement while the table grows.
    let plan = explain(&pool, "explain", "QUERY PLAN", insertion(&pool)).await;

    assert!(plan.contains("using widget_idempotency_key"), "{plan}");
    for slow in ["Seq Scan", "Join"] {
        assert!(!plan.contains(slow), "{plan}");
    }
}

#[tokio::test]
async fn keys_are_looked_up_in_their_index_on_sqlite() {
    let database = FreshDatabase::sqlite();
    let pool = filled(&database).await;

    let plan = explain(&pool, "explain query plan", "detail", insertion(&pool)).await;

    let search = "SEARCH widget USING COVERING INDEX widget_idempotency_key (idempotency_key=?)";
    assert!(plan.contains(search) && !plan.contains("SCAN widget"), "{plan}");
}
