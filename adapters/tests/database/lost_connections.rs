//! Connections that are lost during a call.

use std::error::Error;

use adapters::testing::{FreshDatabase, Proxy};
use domain::RepositoryError;

use crate::support::{
    example::{RepositoryPort, idempotent, item, other_item_with_id_of},
    open,
};

/// The items are stored and the response is lost. The retry must neither fail nor store anything twice.
#[tokio::test]
async fn add_whose_response_is_lost_succeeds_and_stores_once() {
    let database = FreshDatabase::postgres().await;
    let proxy = Proxy::to(database.url());
    let (_, store) = open(proxy.url()).await;
    // Prepares the statement, so that the next response is that of its execution.
    store.add(&[item(1)]).await.expect("added");

    proxy.lose_next_response();
    store.add(&[item(3), item(2)]).await.expect("added");
    let stored = store.latest(None, 9).await.expect("a page");
    assert_eq!(stored, [item(3), item(2), item(1)]);

    // Another item with the same id is a conflict, although the first response was lost.
    proxy.lose_next_response();
    let outcome = store.add(&[other_item_with_id_of(3)]).await;
    assert!(matches!(outcome, Err(RepositoryError::Conflict)), "{outcome:?}");
    let stored = store.latest(None, 9).await.expect("a page");
    assert_eq!(stored, [item(3), item(2), item(1)]);
}

#[tokio::test]
async fn idempotent_add_whose_response_is_lost_succeeds_and_stores_once() {
    let database = FreshDatabase::postgres().await;
    let proxy = Proxy::to(database.url());
    let (_, store) = open(proxy.url()).await;
    store
        .add_idempotent(&[idempotent(1, "one")])
        .await
        .expect("added");

    proxy.lose_next_response();
    let stored = store
        .add_idempotent(&[idempotent(2, "two"), idempotent(3, "three")])
        .await
        .expect("added");
    assert_eq!(stored, [item(2), item(3)]);

    let stored = store.latest(None, 9).await.expect("a page");
    assert_eq!(stored, [item(3), item(2), item(1)]);
}

#[tokio::test]
async fn read_whose_response_is_lost_is_retried() {
    let database = FreshDatabase::postgres().await;
    let proxy = Proxy::to(database.url());
    let (_, store) = open(proxy.url()).await;
    store.add(&[item(1)]).await.expect("added");

    for _ in 0..3 {
        proxy.lose_next_response();
        assert_eq!(store.latest(None, 9).await.expect("a page"), [item(1)]);
    }
}

/// A message about a connection may name the user, the database and even the password, and it would be logged.
#[tokio::test]
async fn words_of_a_server_that_refuses_connections_are_not_repeated() {
    let (database, other) = (FreshDatabase::postgres().await, FreshDatabase::postgres().await);
    let (_, store) = open(database.url()).await;
    let (_, name) = database.url().rsplit_once('/').expect("a URL with a database");
    let name = name.split('?').next().expect("a name");

    other
        .execute(&format!("alter database \"{name}\" allow_connections false"))
        .await;
    other
        .execute(&format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
        ))
        .await;

    let error = store
        .latest(None, 9)
        .await
        .expect_err("no connection is accepted");
    let source = error.source().expect("a source");
    let texts = [
        source.to_string(),
        format!("{:?}", source.source().map(ToString::to_string)),
    ];
    assert!(texts[0].contains("SQLSTATE 55000"), "{texts:?}");
    assert!(texts.iter().all(|text| !text.contains(name)), "{texts:?}");
}
