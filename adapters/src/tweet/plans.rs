//! How the databases mean to carry out the statements: pages must be index range scans, at any depth.

use domain::TweetId;
use migration::MigratorTrait;

use ::sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, Statement};

use super::sql as statements;
use crate::{
    database::{Options, connect},
    testing::FreshDatabase,
};

/// Enough that no planner would think of reading and sorting them all.
const ROWS: u32 = 50_000;

/// A table with ids from 1 to [`ROWS`].
async fn filled(database: &FreshDatabase) -> DatabaseConnection {
    let pool = connect(database.url(), Options::default())
        .await
        .expect("a pool")
        .database();
    migration::Migrator::up(&pool, None).await.expect("the schema");
    let (id, numbers, analyze) = match pool.get_database_backend() {
        DatabaseBackend::Postgres => (
            "lpad(to_hex(n), 32, '0')::uuid",
            format!("generate_series(1, {ROWS}) n"),
            "vacuum analyze tweet",
        ),
        _ => {
            let count = "with recursive counted(n) as (select 1 union all select n + 1 from counted";
            (
                "unhex(printf('%032x', n))",
                format!("({count} where n < {ROWS}) select n from counted)"),
                "analyze",
            )
        }
    };
    let fill =
        format!("insert into tweet (id, text, timestamp) select {id}, 'hello', '2026-11-22' from {numbers}");
    pool.execute_unprepared(&fill).await.expect("rows");
    pool.execute_unprepared(analyze).await.expect("statistics");
    pool
}

/// What `explain` says of a statement, with the parameters it is sent with.
async fn explain(pool: &DatabaseConnection, how: &str, column: &str, mut statement: Statement) -> String {
    statement.sql = format!("{how} {}", statement.sql);
    let rows = pool.query_all_raw(statement).await.expect("a plan");
    let lines = rows
        .iter()
        .map(|row| row.try_get::<String>("", column).expect("a line"));
    lines.collect::<Vec<_>>().join("\n")
}

fn page(pool: &DatabaseConnection, before: Option<u32>) -> Statement {
    statements::latest(
        pool.get_database_backend(),
        before.map(|n| TweetId::from_u128(n.into())),
        51,
    )
}

#[tokio::test]
async fn on_postgresql_a_page_is_an_index_range_scan_at_any_depth() {
    let database = FreshDatabase::postgres().await;
    let pool = filled(&database).await;
    let mut blocks = Vec::new();
    for before in [None, Some(ROWS), Some(ROWS / 2), Some(100)] {
        let how = "explain (analyze, buffers, costs off, timing off)";
        let plan = explain(&pool, how, "QUERY PLAN", page(&pool, before)).await;
        assert!(
            plan.contains("Index Scan Backward using tweet_pkey on tweet"),
            "{plan}"
        );
        assert_eq!(plan.contains("Index Cond: (id < "), before.is_some(), "{plan}");
        assert!(
            !plan.contains("Sort") && !plan.contains("Filter") && !plan.contains("Seq Scan"),
            "{plan}"
        );
        let read = plan
            .split("Buffers: shared ")
            .nth(1)
            .and_then(|rest| rest.lines().next());
        let count = |part: &str| {
            part.split_once('=')
                .and_then(|(_, count)| count.parse::<u32>().ok())
        };
        blocks.push(
            read.expect("a count of blocks")
                .split(' ')
                .filter_map(count)
                .sum::<u32>(),
        );
    }
    assert!(
        blocks.iter().all(|&blocks| blocks <= 6),
        "every page reads but a few blocks: {blocks:?}"
    );
}

#[tokio::test]
async fn on_sqlite_a_page_is_an_index_range_scan() {
    let database = FreshDatabase::sqlite();
    let pool = filled(&database).await;
    for before in [None, Some(ROWS / 2)] {
        let plan = explain(&pool, "explain query plan", "detail", page(&pool, before)).await;
        let expected = if before.is_some() {
            "SEARCH tweet USING PRIMARY KEY (id<?)"
        } else {
            "SCAN tweet"
        };
        // No temporary tree: the rows come in the order of the key.
        assert_eq!(plan, expected);
    }
}
