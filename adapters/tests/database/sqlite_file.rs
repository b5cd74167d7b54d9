//! The SQLite file is removed or replaced while it is open. SQLite notices neither, and what is written to a removed file
//! is gone when the program ends.

use std::{fs, path::Path};

use adapters::{SeaOrmHealthCheck, testing::FreshDatabase};
use domain::{HealthCheck, RepositoryError};

use crate::support::{
    example::{RepositoryPort, item},
    open,
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
    assert!(unhealthy.reason.contains("removed or replaced"), "{unhealthy}");
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
