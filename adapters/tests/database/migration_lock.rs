//! The lock around schema changes.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use adapters::{
    database::{self, MigrationLockError, Options},
    testing::FreshDatabase,
};
use sea_orm::{ConnectionTrait, DatabaseConnection, TransactionTrait};
use tokio::time::timeout;

use crate::support::{
    SECOND,
    example::{RepositoryPort, TABLE, item},
    number, open, open_with,
};

async fn lock_is_exclusive_and_times_out(database: FreshDatabase) {
    let (first, _) = open(database.url()).await;
    let (second, _) = open(database.url()).await;

    let work = first.with_migration_lock(SECOND, async |_| {
        let outcome = second.with_migration_lock(SECOND / 2, async |_| Ok(())).await;
        assert!(
            matches!(outcome, Err(MigrationLockError::Timeout(_))),
            "{outcome:?}"
        );
        Ok(())
    });
    timeout(10 * SECOND, work)
        .await
        .expect("a return in time")
        .expect("the lock");

    second
        .with_migration_lock(SECOND, async |_| Ok(()))
        .await
        .expect("the lock is free");
}

#[tokio::test]
async fn lock_on_postgres_is_exclusive_and_times_out() {
    lock_is_exclusive_and_times_out(FreshDatabase::postgres().await).await;
}

#[tokio::test]
async fn lock_on_sqlite_is_exclusive_and_times_out() {
    lock_is_exclusive_and_times_out(FreshDatabase::sqlite()).await;
}

/// PostgreSQL lets requests for a table wait behind a schema change that waits for another transaction.
#[tokio::test]
async fn schema_change_that_waits_for_a_table_fails_no_request() {
    let fresh = FreshDatabase::postgres().await;
    let (changing, store) = open_with(fresh.url(), Options::default()).await;
    let (reading, _) = open(fresh.url()).await;
    // Its calls may take 5 s, ten times as long as they wait for the change at a time.
    let (_, requests) = open_with(fresh.url(), Options::default()).await;
    store.add(&[item(1)]).await.expect("added");
    let reader = reading.connection().begin().await.expect("a transaction");
    let read = format!("select count(*) from {TABLE}");
    reader.execute_unprepared(&read).await.expect("a read");

    let attempts = AtomicUsize::new(0);
    let change = changing.with_migration_lock(30 * SECOND, async |transaction| {
        attempts.fetch_add(1, Relaxed);
        let change = format!("alter table {TABLE} add column other integer");
        transaction.execute_unprepared(&change).await
    });
    let other = async {
        while attempts.load(Relaxed) < 3 {
            let page = requests
                .latest(None, 9)
                .await
                .expect("a page, while the change waits");
            assert_eq!(page, [item(1)]);
        }
        reader.rollback().await.expect("the end of the reader");
    };
    let (changed, ()) = tokio::join!(change, other);

    changed.expect("the change, once the reader has ended");
}

#[tokio::test]
async fn schema_change_ends_without_effect_if_a_table_is_never_free() {
    let fresh = FreshDatabase::postgres().await;
    let (changing, store) = open(fresh.url()).await;
    let (reading, _) = open(fresh.url()).await;
    let reader = reading.connection().begin().await.expect("a transaction");
    let read = format!("select count(*) from {TABLE}");
    reader.execute_unprepared(&read).await.expect("a read");

    let mut attempts = 0;
    let change = changing.with_migration_lock(4 * SECOND, async |transaction| {
        attempts += 1;
        transaction
            .execute_unprepared(&format!("drop table {TABLE}"))
            .await
    });
    let outcome = change.await;

    assert!(attempts > 1, "{attempts} attempts");
    assert!(
        matches!(outcome, Err(MigrationLockError::TableInUse(_))),
        "{outcome:?}"
    );
    store.add(&[item(1)]).await.expect("the table is still there");
}

/// The pool takes a connection back in a task. If the lock did not wait for that, it would open a second one.
async fn lock_needs_no_connection_besides_that_of_the_statement_before_it(
    fresh: FreshDatabase,
    size: fn(&DatabaseConnection) -> u32,
) {
    let database = database::connect(fresh.url(), Options::default())
        .await
        .expect("a database");

    let transaction = database.connection().begin().await.expect("a transaction");
    transaction.rollback().await.expect("a rollback");
    database
        .with_migration_lock(SECOND, async |_| Ok(()))
        .await
        .expect("the lock");

    assert_eq!(size(&database.connection()), 1);
}

#[tokio::test]
async fn lock_on_postgres_needs_no_connection_besides_that_of_the_statement_before_it() {
    let database = FreshDatabase::postgres().await;
    let size = |connection: &DatabaseConnection| connection.get_postgres_connection_pool().size();
    lock_needs_no_connection_besides_that_of_the_statement_before_it(database, size).await;
}

#[tokio::test]
async fn lock_on_sqlite_needs_no_connection_besides_that_of_the_statement_before_it() {
    let size = |connection: &DatabaseConnection| connection.get_sqlite_connection_pool().size();
    lock_needs_no_connection_besides_that_of_the_statement_before_it(FreshDatabase::sqlite(), size).await;
}

#[tokio::test]
async fn programs_with_other_names_do_not_wait_and_postgres_shows_the_names() {
    let fresh = FreshDatabase::postgres().await;
    let (first, _) = open(fresh.url()).await;
    let options = Options {
        application_name: "another-program",
        ..Options::default()
    };
    let (second, _) = open_with(fresh.url(), options).await;

    let work = first.with_migration_lock(SECOND, async |_| {
        let outcome = second.with_migration_lock(SECOND, async |_| Ok(())).await;
        assert!(outcome.is_ok(), "{outcome:?}");
        Ok(())
    });
    timeout(10 * SECOND, work)
        .await
        .expect("a return in time")
        .expect("the lock");

    let query = "select count(*) as number from pg_stat_activity \
                 where datname = current_database() and application_name = 'another-program'";
    assert!(number(&second, query).await > 0);
}
