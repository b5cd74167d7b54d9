//! A database that is late, lost or busy, seen through the port.

#![expect(clippy::expect_used, reason = "a test that cannot be set up must fail")]

use std::{
    error::Error,
    time::{Duration, Instant},
};

use adapters::{
    SeaOrmTweetRepository,
    database::{self, Database, MigrationLockError, Options},
    testing::{FreshDatabase, Proxy},
};
use domain::{IdempotentTweet, RepositoryError, TweetRepository, testing::tweet::tweet};
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, TransactionTrait};
use tokio::{task::JoinSet, time::timeout};

const SECOND: Duration = Duration::from_secs(1);

/// A migrated database behind one connection, on which a call may take a second.
async fn open(url: &str) -> (Database, SeaOrmTweetRepository) {
    let options = Options {
        max_connections: 1,
        statement_timeout: SECOND,
        ..Options::default()
    };
    let connections = database::connect(url, options).await.expect("a database");
    Migrator::up(&connections.database(), None)
        .await
        .expect("a schema");
    (connections.clone(), SeaOrmTweetRepository::new(connections))
}

/// What PostgreSQL answers to `ask`, which calls it `number`.
async fn number(connections: &Database, ask: &str) -> i64 {
    let ask = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, ask.to_owned());
    let row = connections
        .database()
        .query_one_raw(ask)
        .await
        .expect("an answer")
        .expect("a row");
    row.try_get("", "number").expect("a number")
}

fn is_late(error: &RepositoryError) -> bool {
    matches!(error, RepositoryError::TimedOut { .. })
}

/// PostgreSQL ends the statement itself, a little before nobody waits for it any more, so that the connection serves
/// on: there is but one, and no new one is made.
#[tokio::test]
async fn postgres_ends_a_statement_that_takes_too_long() {
    let database = FreshDatabase::postgres().await;
    let (connections, store) = open(database.url()).await;
    let (other, _) = open(database.url()).await;
    let process = "select pg_backend_pid()::bigint as number";
    let before = number(&connections, process).await;
    let transaction = other.database().begin().await.expect("a transaction");
    transaction
        .execute_unprepared("lock table tweet")
        .await
        .expect("the lock");
    let began = Instant::now();
    let error = store.add(&[tweet(1)]).await.expect_err("the table is locked");
    assert!(began.elapsed() < SECOND, "it took {:?}", began.elapsed());
    let source = error.source().expect("a source").to_string();
    assert!(
        is_late(&error) && source.contains("canceling statement due to statement timeout"),
        "{source}"
    );
    transaction.rollback().await.expect("the end of the lock");
    store.add(&[tweet(1)]).await.expect("added");
    assert_eq!(
        number(&connections, process).await,
        before,
        "the connection is the same"
    );
}

/// SQLite waits for another writer no longer than a call may take.
#[tokio::test]
async fn sqlite_waits_for_another_writer_until_the_deadline() {
    let database = FreshDatabase::sqlite();
    let (_, store) = open(database.url()).await;
    let (other, _) = open(database.url()).await;
    let work = other.with_migration_lock(SECOND, async |_| {
        let began = Instant::now();
        let error = store.add(&[tweet(1)]).await.expect_err("somebody else writes");
        assert!(
            is_late(&error) && began.elapsed() < SECOND,
            "{error:?} after {:?}",
            began.elapsed()
        );
        Ok(())
    });
    work.await.expect("a turn");
    store.add(&[tweet(1)]).await.expect("added");
}

/// The pool has several, and would lend them in turn.
#[tokio::test]
async fn a_connection_that_was_just_used_is_used_again() {
    let database = FreshDatabase::postgres().await;
    let connections = database::connect(database.url(), Options::default())
        .await
        .expect("a database");
    Migrator::up(&connections.database(), None)
        .await
        .expect("a schema");
    let store = SeaOrmTweetRepository::new(connections.clone());
    for n in 1..50 {
        store.add(&[tweet(n)]).await.expect("added");
        assert_eq!(store.find(&[tweet(n).id]).await.expect("an answer"), [tweet(n)]);
        assert_eq!(store.latest(None, 1).await.expect("an answer"), [tweet(n)]);
    }
    let used = "select count(*) as number from pg_stat_activity where datname = current_database() \
        and query similar to '(insert into tweet|select id, text, timestamp from tweet)%'";
    assert_eq!(
        number(&connections, used).await,
        1,
        "connections were last used for tweets"
    );
}

/// Database that are out of the pool are missed by nobody who asks it: not by many callers, nor by the health check.
#[tokio::test]
async fn nobody_waits_for_a_connection_that_nobody_uses() {
    let database = FreshDatabase::postgres().await;
    for max_connections in 1..4 {
        let options = Options {
            max_connections,
            acquire_timeout: SECOND,
            ..Options::default()
        };
        let connections = database::connect(database.url(), options)
            .await
            .expect("a database");
        Migrator::up(&connections.database(), None)
            .await
            .expect("a schema");
        let store = SeaOrmTweetRepository::new(connections.clone());
        for _ in 0..5 {
            let mut callers = JoinSet::new();
            for _ in 0..40 {
                let store = store.clone();
                callers.spawn(async move { store.latest(None, 1).await });
            }
            while let Some(answer) = callers.join_next().await {
                answer.expect("no panic").expect("an answer in time");
            }
            connections.ping(SECOND).await.expect("a sign of life");
        }
    }
}

/// A store may outlive its runtime, as one does that a test or a `main` holds.
#[test]
fn a_store_is_dropped_without_its_runtime() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let store = runtime.block_on(async {
        let database = FreshDatabase::postgres().await;
        let connections = database::connect(database.url(), Options::default())
            .await
            .expect("a database");
        Migrator::up(&connections.database(), None)
            .await
            .expect("a schema");
        let store = SeaOrmTweetRepository::new(connections);
        store.add(&[tweet(1)]).await.expect("added");
        store
    });
    drop(runtime);
    drop(store);
}

/// What is sent on a connection that leads nowhere is given up, even by one who has no other connection.
#[tokio::test]
async fn silence_is_given_up() {
    let database = FreshDatabase::postgres().await;
    let proxy = Proxy::to(database.url());
    let (_, store) = open(proxy.url()).await;
    for n in 1..4 {
        proxy.forget();
        let began = Instant::now();
        let error = store.add(&[tweet(n)]).await.expect_err("nobody answers");
        assert!(
            is_late(&error) && began.elapsed() < SECOND * 3 / 2,
            "{error:?} after {:?}",
            began.elapsed()
        );
        assert_eq!(
            store
                .find(&[tweet(n)].map(|tweet| tweet.id))
                .await
                .expect("an answer"),
            []
        );
    }
}

/// The addition is stored and its answer is lost; made again, it must neither fail nor store anything twice.
#[tokio::test]
async fn an_addition_whose_answer_is_lost_is_stored_once_and_acknowledged() {
    let database = FreshDatabase::postgres().await;
    let proxy = Proxy::to(database.url());
    let (_, store) = open(proxy.url()).await;
    // So that the statement is prepared, and the next answer is that to its execution.
    store.add(&[tweet(1)]).await.expect("added");
    proxy.lose_the_next_answer();
    store.add(&[tweet(3), tweet(2)]).await.expect("added");
    assert_eq!(
        store.latest(None, 9).await.expect("tweets"),
        [tweet(3), tweet(2), tweet(1)]
    );
    // Somebody else's tweet is still a conflict, though the first answer was lost.
    proxy.lose_the_next_answer();
    let mut other = tweet(3);
    other.text = domain::TweetText::new("another text").expect("a text");
    let outcome = store.add(&[other]).await;
    assert!(matches!(outcome, Err(RepositoryError::Conflict)), "{outcome:?}");
    assert_eq!(
        store.latest(None, 9).await.expect("tweets"),
        [tweet(3), tweet(2), tweet(1)]
    );
}

#[tokio::test]
async fn an_addition_under_a_key_whose_answer_is_lost_is_stored_once_and_acknowledged() {
    let database = FreshDatabase::postgres().await;
    let proxy = Proxy::to(database.url());
    let (_, store) = open(proxy.url()).await;
    let keyed = |n, key: &str| IdempotentTweet {
        item: tweet(n),
        key: key.parse().expect("a key"),
    };
    store.add_idempotent(&[keyed(1, "one")]).await.expect("added");
    proxy.lose_the_next_answer();
    let stored = store
        .add_idempotent(&[keyed(2, "two"), keyed(3, "three")])
        .await
        .expect("added");
    assert_eq!(stored, [tweet(2), tweet(3)]);
    assert_eq!(
        store.latest(None, 9).await.expect("tweets"),
        [tweet(3), tweet(2), tweet(1)]
    );
}

#[tokio::test]
async fn a_read_whose_answer_is_lost_is_made_again() {
    let database = FreshDatabase::postgres().await;
    let proxy = Proxy::to(database.url());
    let (_, store) = open(proxy.url()).await;
    store.add(&[tweet(1)]).await.expect("added");
    for _ in 0..3 {
        proxy.lose_the_next_answer();
        assert_eq!(store.latest(None, 9).await.expect("tweets"), [tweet(1)]);
    }
}

/// One at a time does what must be done alone, and who waits in vain is told.
async fn one_at_a_time(database: FreshDatabase) {
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
    timeout(10 * SECOND, work).await.expect("an end").expect("a turn");
    second
        .with_migration_lock(SECOND, async |_| Ok(()))
        .await
        .expect("a turn");
}

#[tokio::test]
async fn one_at_a_time_on_postgres() {
    one_at_a_time(FreshDatabase::postgres().await).await;
}

#[tokio::test]
async fn one_at_a_time_on_sqlite() {
    one_at_a_time(FreshDatabase::sqlite()).await;
}
