//! The disk of the database is full.

use adapters::{SeaOrmHealthCheck, database::Database, testing::FreshDatabase};
use domain::{HealthCheck, RepositoryError};
use sea_orm::ConnectionTrait;

use crate::support::{
    example::{Repository, RepositoryPort, TABLE, item},
    open,
};

/// Fills the database and makes room again with these statements.
async fn writes_fail_and_health_reports_it_until_there_is_room(
    (database, store): (Database, Repository),
    fill: &str,
    make_room: &str,
) {
    let check = SeaOrmHealthCheck::new(database.clone());
    let execute = async |sql: &str| {
        let done = database.connection().execute_unprepared(sql).await;
        done.expect("the statement is executed");
    };
    store.add(&[item(1)]).await.expect("added");
    execute(fill).await;

    let items: Vec<_> = (2..500).map(item).collect();
    let outcome = store.add(&items).await;
    assert!(
        matches!(outcome, Err(RepositoryError::Unavailable { .. })),
        "{outcome:?}"
    );
    let stored = store.latest(None, 9).await.expect("reads still work");
    assert_eq!(stored, [item(1)], "nothing was half-written");
    let unhealthy = check.check().await.expect_err("the database is full");
    assert!(unhealthy.reason.contains("full"), "{unhealthy}");

    execute(make_room).await;
    store.add(&items).await.expect("there is room again");
    check.check().await.expect("the database has room");
}

#[tokio::test]
async fn full_sqlite_fails_writes_and_health_until_there_is_room() {
    let fresh = FreshDatabase::sqlite();
    let opened = open(fresh.url()).await;

    // The real limit is that of the disk; SQLite reports both as SQLITE_FULL.
    let fill = "pragma max_page_count = 1";
    writes_fail_and_health_reports_it_until_there_is_room(opened, fill, "pragma max_page_count = 1000000")
        .await;
}

#[tokio::test]
async fn full_postgres_fails_writes_and_health_until_there_is_room() {
    let fresh = FreshDatabase::postgres().await;
    let opened = open(fresh.url()).await;

    // The error that PostgreSQL raises when it cannot extend a table.
    let fill = format!(
        "create function fill() returns trigger language plpgsql as $$ begin raise 'full' using errcode = '53100'; end $$; \
         create trigger fill before insert on {TABLE} execute function fill()"
    );
    let make_room = format!("drop trigger fill on {TABLE}");
    writes_fail_and_health_reports_it_until_there_is_room(opened, &fill, &make_room).await;
}
