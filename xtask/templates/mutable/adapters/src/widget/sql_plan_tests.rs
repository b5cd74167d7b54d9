//! Tests of the databases' plans for the statements: a page must be an index range scan at any depth, a write must find
//! its row by the primary key, and a key by its index.
//!
//! They are here and not in `adapters/tests`, because the statements are private.

use domain::{
    Expected, Version,
    testing::widget::{content, widget},
    widget::{Widget, WidgetId, WidgetRepository},
};
use migration::MigratorTrait;
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, Statement};

use super::{SeaOrmWidgetRepository, statements};
use crate::{
    database::{Options, connect},
    testing::FreshDatabase,
};

/// So many that no planner would read and sort them all.
const ROWS: u64 = 20_000;

/// A table with widgets, whose ids are those of the first [`ROWS`] samples.
async fn filled(database: &FreshDatabase) -> DatabaseConnection {
    let options = Options {
        // SQLite's connections each hold the statistics of when they were opened.
        max_connections: 1,
        statement_timeout: std::time::Duration::from_secs(60),
        ..Options::default()
    };
    let pool = connect(database.url(), options).await.expect("a pool");
    let connection = pool.connection();
    migration::Migrator::up(&connection, None).await.expect("the schema");

    let widgets: Vec<Widget> = (0..ROWS).map(widget).collect();
    let repository = SeaOrmWidgetRepository::new(pool);
    repository.add(&widgets).await.expect("rows");

    let analyze = match connection.get_database_backend() {
        DatabaseBackend::Postgres => r#"vacuum analyze "widget""#,
        _ => "analyze",
    };
    connection.execute_unprepared(analyze).await.expect("statistics");
    connection
}

fn id(n: u64) -> WidgetId {
    widget(n).id
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

/// An update and a removal of one row.
fn writes(backend: DatabaseBackend) -> [Statement; 2] {
    let expected = Expected::OneOf(vec![Version::FIRST]);
    let (id, content) = (id(ROWS / 2), content(1));

    [
        statements::update(backend, id, &content, &expected),
        statements::remove(backend, id, &expected),
    ]
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

    let latest = |before: Option<u64>| statements::latest(DatabaseBackend::Postgres, before.map(id), 51);
    let after = |after| statements::after(DatabaseBackend::Postgres, id(after), 51);
    let backward = "Index Scan Backward using widget_pkey on widget";
    let forward = "Index Scan using widget_pkey on widget";
    let older = [Some(ROWS), Some(ROWS / 2), Some(100)].map(|n| (latest(n), backward, "(id < "));
    let newer = [0, ROWS / 2, ROWS - 100].map(|n| (after(n), forward, "(id > "));
    let pages = [(latest(None), backward, "")].into_iter();

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
        assert!(blocks(&plan) <= 60, "a page reads about as many blocks as rows at most: {plan}");
    }
}

#[tokio::test]
async fn page_on_sqlite_is_an_index_range_scan() {
    let database = FreshDatabase::sqlite();
    let pool = filled(&database).await;

    let latest = |before: Option<u64>| statements::latest(DatabaseBackend::Sqlite, before.map(id), 51);
    let after = |after| statements::after(DatabaseBackend::Sqlite, id(after), 51);
    let (older, newer) = (
        "SEARCH widget USING PRIMARY KEY (id<?)",
        "SEARCH widget USING PRIMARY KEY (id>?)",
    );
    for (page, expected) in [
        (latest(None), "SCAN widget"),
        (latest(Some(ROWS / 2)), older),
        (after(0), newer),
        (after(ROWS / 2), newer),
    ] {
        let plan = explain(&pool, "explain query plan", "detail", page).await;

        // No temporary tree: the rows come in the order of the key.
        assert_eq!(plan, expected);
    }
}

#[tokio::test]
async fn write_finds_its_row_by_the_primary_key() {
    let database = FreshDatabase::postgres().await;
    let pool = filled(&database).await;
    for write in writes(DatabaseBackend::Postgres) {
        let plan = explain(&pool, "explain", "QUERY PLAN", write).await;
        assert!(plan.contains("Index Scan using widget_pkey on widget"), "{plan}");
    }

    let database = FreshDatabase::sqlite();
    let pool = filled(&database).await;
    for write in writes(DatabaseBackend::Sqlite) {
        let plan = explain(&pool, "explain query plan", "detail", write).await;
        assert_eq!(plan, "SEARCH widget USING PRIMARY KEY (id=?)");
    }
}
