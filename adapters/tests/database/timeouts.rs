//! Calls that take too long.

use std::{error::Error, time::Instant};

use adapters::testing::{FreshDatabase, Proxy};
use sea_orm::{ConnectionTrait, TransactionTrait};

use crate::support::{
    SECOND,
    example::{RepositoryPort, TABLE, item},
    is_timed_out, number, open,
};

/// PostgreSQL cancels the statement a little before the call times out, so that the connection stays usable: there is
/// only one, and it is not replaced.
#[tokio::test]
async fn postgres_cancels_a_slow_statement_and_the_connection_stays_usable() {
    let database = FreshDatabase::postgres().await;
    let (pool, store) = open(database.url()).await;
    let (other, _) = open(database.url()).await;
    let process = "select pg_backend_pid()::bigint as number";
    let process_before = number(&pool, process).await;
    let transaction = other.connection().begin().await.expect("a transaction");
    transaction
        .execute_unprepared(&format!("lock table {TABLE}"))
        .await
        .expect("the lock");

    let start = Instant::now();
    let error = store.add(&[item(1)]).await.expect_err("the table is locked");
    assert!(start.elapsed() < SECOND, "it took {:?}", start.elapsed());
    let source = error.source().expect("a source").to_string();
    assert!(
        is_timed_out(&error) && source.contains("canceling statement due to statement timeout"),
        "{source}"
    );

    transaction.rollback().await.expect("the end of the lock");
    store.add(&[item(1)]).await.expect("added");
    let process_after = number(&pool, process).await;
    assert_eq!(process_after, process_before, "the connection is the same");
}

#[tokio::test]
async fn sqlite_write_times_out_while_another_writer_holds_the_lock() {
    let database = FreshDatabase::sqlite();
    let (_, store) = open(database.url()).await;
    let (other, _) = open(database.url()).await;

    let work = other.with_migration_lock(SECOND, async |_| {
        let start = Instant::now();
        let error = store.add(&[item(1)]).await.expect_err("another writer");
        let elapsed = start.elapsed();
        assert!(
            is_timed_out(&error) && elapsed < SECOND,
            "{error:?} after {elapsed:?}"
        );
        Ok(())
    });
    work.await.expect("the lock");

    store.add(&[item(1)]).await.expect("added");
}

/// A statement on a silent connection times out, and the pool is replaced, although it has no other connection.
#[tokio::test]
async fn silent_connection_fails_one_call_and_is_replaced() {
    let database = FreshDatabase::postgres().await;
    let proxy = Proxy::to(database.url());
    let (_, store) = open(proxy.url()).await;

    for n in 1..4 {
        proxy.silence();

        let start = Instant::now();
        let error = store.add(&[item(n)]).await.expect_err("no response");
        let elapsed = start.elapsed();
        assert!(
            is_timed_out(&error) && elapsed < SECOND * 3 / 2,
            "{error:?} after {elapsed:?}"
        );

        let found = store.find(&[item(n).id]).await.expect("a response");
        assert_eq!(found, []);
    }
}
