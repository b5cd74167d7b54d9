//! PgBouncer between the service and PostgreSQL.

use std::error::Error;

use adapters::{
    database::{self, Options},
    testing::{FreshDatabase, PgBouncer, PoolMode},
};
use sea_orm::{ConnectionTrait, TransactionTrait};

use crate::support::{
    SECOND,
    example::{RepositoryPort, TABLE, item},
    is_timed_out, number, open, open_with,
};

const TIMEOUT_MS: &str = "select setting::bigint as number from pg_settings where name = 'statement_timeout'";

async fn slow_statement_is_cancelled_behind_a_pooler(settings: &str) {
    let database = FreshDatabase::postgres().await;
    let bouncer = PgBouncer::start(database.url(), PoolMode::Session, settings);
    let options = Options {
        max_connections: 1,
        statement_timeout: 3 * SECOND,
        ..Options::default()
    };
    let (_, store) = open_with(bouncer.url(), options).await;
    let (other, _) = open(database.url()).await;
    let transaction = other.connection().begin().await.expect("a transaction");
    transaction
        .execute_unprepared(&format!("lock table {TABLE}"))
        .await
        .expect("the lock");

    let error = store.add(&[item(1)]).await.expect_err("the table is locked");
    let source = error.source().expect("a source").to_string();
    assert!(
        is_timed_out(&error) && source.contains("canceling statement due to statement timeout"),
        "{source}"
    );

    transaction.rollback().await.expect("the end of the lock");
    store.add(&[item(1)]).await.expect("added");
}

#[tokio::test]
async fn slow_statement_is_cancelled_behind_pgbouncer_with_its_defaults() {
    slow_statement_is_cancelled_behind_a_pooler("").await;
}

/// Such a pooler drops what a connection asks for without a word.
#[tokio::test]
async fn slow_statement_is_cancelled_behind_a_pooler_that_ignores_parameters() {
    slow_statement_is_cancelled_behind_a_pooler("ignore_startup_parameters = extra_float_digits,options")
        .await;
}

#[tokio::test]
async fn statement_timeout_holds_after_a_pooler_closed_all_connections() {
    let database = FreshDatabase::postgres().await;
    let bouncer = PgBouncer::start(database.url(), PoolMode::Session, "");
    let (pool, store) = open(bouncer.url()).await;
    assert_eq!(number(&pool, TIMEOUT_MS).await, 900);

    let terminate = "select pg_terminate_backend(pid) from pg_stat_activity \
                     where datname = current_database() and pid <> pg_backend_pid()";
    database.execute(terminate).await;

    store.add(&[item(1)]).await.expect("added on another connection");
    assert_eq!(number(&pool, TIMEOUT_MS).await, 900);
}

#[tokio::test]
async fn pooler_that_mixes_up_prepared_statements_is_refused_at_the_start() {
    let database = FreshDatabase::postgres().await;
    let bouncer = PgBouncer::start(database.url(), PoolMode::Transaction, "");

    // The second one meets what the first one left behind.
    for _ in 0..2 {
        let refused = database::connect(bouncer.url(), Options::default()).await;
        let message = refused.expect_err("transaction pooling").to_string();

        assert!(
            message.contains("Use session pooling, or PgBouncer 1.21"),
            "{message}"
        );
    }
}
