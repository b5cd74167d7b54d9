//! The SQLite file is removed or replaced while it is open. SQLite notices neither, and what is written to a removed file
//! is gone when the program ends.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::{self, Command},
};

use adapters::{
    SeaOrmHealthCheck,
    database::{Options, connect},
    testing::FreshDatabase,
};
use domain::{HealthCheck, RepositoryError};
use sea_orm::TransactionTrait;
use tokio::task::JoinSet;

use crate::support::{
    example::{RepositoryPort, item},
    open, open_with,
};

/// What is done to the file, given its path and that of its copy.
type Accident = fn(&Path, &Path);

async fn nothing_is_acknowledged_after(accident: Accident) {
    let fresh = FreshDatabase::sqlite();
    let path = Path::new(fresh.url().trim_start_matches("sqlite://"));
    let copy = path.with_extension("copy");
    let (database, store) = open(fresh.url()).await;
    let check = SeaOrmHealthCheck::new(database);
    store.add(&[item(1)]).await.expect("added");
    fs::copy(path, &copy).expect("a copy");

    accident(path, &copy);
    let outcome = store.add(&[item(2)]).await;
    assert!(
        matches!(outcome, Err(RepositoryError::Unavailable { .. })),
        "{outcome:?}"
    );
    let unhealthy = check.check().await.expect_err("the file is gone");
    assert!(unhealthy.reason.contains("was removed"), "{unhealthy}");
}

#[tokio::test]
async fn nothing_is_acknowledged_once_the_file_is_removed() {
    nothing_is_acknowledged_after(|path, _| fs::remove_file(path).expect("removed")).await;
}

#[tokio::test]
async fn nothing_is_acknowledged_once_the_file_is_replaced() {
    nothing_is_acknowledged_after(|path, copy| fs::rename(copy, path).expect("replaced")).await;
}

#[tokio::test]
async fn nothing_is_acknowledged_once_the_folder_is_moved() {
    nothing_is_acknowledged_after(|path, _| {
        let folder = path.parent().expect("a folder");
        let moved = folder.with_extension("moved");
        fs::rename(folder, &moved).expect("moved");
        fs::remove_dir_all(moved).expect("removed");
    })
    .await;
}

#[tokio::test]
async fn nothing_is_acknowledged_once_the_file_is_emptied() {
    nothing_is_acknowledged_after(|path, _| {
        fs::File::create(path).expect("emptied");
    })
    .await;
}

/// The files beside it hold the newest writes, which a kill would lose.
async fn no_write_succeeds_after(accident: Accident) {
    for suffix in ["-wal", "-shm"] {
        let fresh = FreshDatabase::sqlite();
        let path = format!("{}{suffix}", fresh.url().trim_start_matches("sqlite://"));
        let (database, store) = open(fresh.url()).await;
        store.add(&[item(1)]).await.expect("added");
        let copy = format!("{path}.copy");
        // In another process: to close a file here would release the locks that SQLite holds on it.
        let copied = Command::new("cp").args([&path, &copy]).status();
        assert!(copied.expect("cp").success());

        accident(Path::new(&path), Path::new(&copy));
        for attempt in 1..=2 {
            let outcome = store.add(&[item(1 + attempt)]).await;
            assert!(
                matches!(outcome, Err(RepositoryError::Unavailable { .. })),
                "{suffix}, attempt {attempt}: {outcome:?}"
            );
        }
        let check = SeaOrmHealthCheck::new(database.clone());
        let unhealthy = check.check().await.expect_err("a file is gone");
        assert!(unhealthy.reason.contains("SIGTERM"), "{unhealthy}");

        // As the message says: a regular end saves what was acknowledged.
        drop((check, store));
        database.connection().close().await.expect("closed");
        let (_, store) = open(fresh.url()).await;
        let stored = store.find(&[item(1).id]).await.expect("a page");
        assert_eq!(stored, [item(1)], "{suffix}");
    }
}

#[tokio::test]
async fn nothing_is_acknowledged_once_a_file_beside_it_is_removed() {
    no_write_succeeds_after(|path, _| fs::remove_file(path).expect("removed")).await;
}

#[tokio::test]
async fn nothing_is_acknowledged_once_a_file_beside_it_is_moved() {
    no_write_succeeds_after(|path, _| {
        fs::rename(path, path.with_extension("away")).expect("moved");
    })
    .await;
}

#[tokio::test]
async fn nothing_is_acknowledged_once_a_file_beside_it_is_replaced() {
    no_write_succeeds_after(|path, copy| {
        fs::rename(copy, path).expect("replaced");
    })
    .await;
}

/// A second process that starts on the file meanwhile creates new ones. What it stores must survive.
#[tokio::test]
async fn nothing_is_executed_once_a_file_beside_it_is_removed() {
    let fresh = FreshDatabase::sqlite();
    let path = fresh.url().trim_start_matches("sqlite://");
    let (database, store) = open(fresh.url()).await;
    store.add(&[item(1)]).await.expect("added");

    fs::remove_file(format!("{path}-shm")).expect("removed");
    store.add(&[item(2)]).await.expect_err("a file is gone");
    drop(store);
    database.connection().close().await.expect("closed");

    let stored = open(fresh.url()).await.1.latest(None, 9).await.expect("a page");
    assert_eq!(stored, [item(1)]);
}

/// As a deployment changes `current`.
#[tokio::test]
async fn link_that_leads_elsewhere_later_has_no_effect() {
    let fresh = FreshDatabase::sqlite();
    let path = Path::new(fresh.url().trim_start_matches("sqlite://"));
    let link = path.with_extension("link");
    symlink(path, &link).expect("a link");
    let (database, store) = open_with(&format!("sqlite://{}", link.display()), Options::default()).await;
    store.add(&[item(1)]).await.expect("added");

    let other = path.with_extension("other");
    let (_, other_store) = open_with(&format!("sqlite://{}", other.display()), Options::default()).await;
    fs::remove_file(&link).expect("removed");
    symlink(&other, &link).expect("another link");

    // All others are in use, so one that is opened now is written to.
    let mut busy = Vec::new();
    for _ in 1..Options::default().max_connections {
        busy.push(database.connection().begin().await.expect("a transaction"));
    }
    store.add(&[item(2)]).await.expect("added");
    drop(busy);
    assert_eq!(store.latest(None, 9).await.expect("a page"), [item(2), item(1)]);
    assert_eq!(other_store.latest(None, 9).await.expect("a page"), []);
}

/// SQLite removes them with its last connection, and creates others with the next one.
#[tokio::test]
async fn files_beside_it_that_sqlite_creates_anew_are_no_damage() {
    let fresh = FreshDatabase::sqlite();
    let (database, store) = open(fresh.url()).await;

    for n in 1..4 {
        store.add(&[item(n)]).await.expect("added");
        // The pool has one connection, which this closes.
        let pool = database.connection();
        let connection = pool.get_sqlite_connection_pool().acquire().await;
        connection.expect("a connection").close().await.expect("closed");
    }
    assert_eq!(store.latest(None, 9).await.expect("a page").len(), 3);
}

/// SQLite reports a lock at once while another connection switches the new file to WAL mode.
#[tokio::test(flavor = "multi_thread")]
async fn new_file_can_be_opened_by_many_at_once() {
    for _ in 0..20 {
        let fresh = FreshDatabase::sqlite();
        let mut openings = JoinSet::new();
        for _ in 0..8 {
            let url = fresh.url().to_owned();
            openings.spawn(async move { connect(&url, Options::default()).await.map(drop) });
        }

        for opened in openings.join_all().await {
            opened.expect("the database");
        }
    }
}

#[tokio::test]
async fn file_that_is_put_back_is_used_again() {
    let fresh = FreshDatabase::sqlite();
    let path = Path::new(fresh.url().trim_start_matches("sqlite://"));
    let (database, store) = open(fresh.url()).await;
    store.add(&[item(1)]).await.expect("added");

    let away = path.with_extension("away");
    fs::rename(path, &away).expect("moved");
    store.add(&[item(2)]).await.expect_err("the file is away");
    fs::rename(&away, path).expect("moved back");

    store.add(&[item(3)]).await.expect("added");
    SeaOrmHealthCheck::new(database)
        .check()
        .await
        .expect("the file is back");
}

/// SQLite takes a name that begins with `file:` for a URI.
#[tokio::test]
async fn name_of_a_file_asks_for_no_database_in_memory() {
    let name = format!("file:{}?mode=memory", process::id());
    let url = format!("sqlite://{}", name.replace(':', "%3A").replace('?', "%3F"));

    let (database, store) = open(&url).await;
    store.add(&[item(1)]).await.expect("added");
    drop(store);
    database.connection().close().await.expect("closed");

    let (database, store) = open(&url).await;
    let stored = store.find(&[item(1).id]).await;
    drop(store);
    database.connection().close().await.expect("closed");
    fs::remove_file(&name).expect("a file of this name");
    assert_eq!(stored.expect("a page"), [item(1)]);
}
