//! Many instances start at once on one empty database.

use std::thread;

use adapters::{
    database::{self, Database},
    testing::FreshDatabase,
};
use app::version::NAME;
use tempfile::TempDir;

use crate::support::{Service, TIMEOUT, example};

/// All instances become ready, and exactly one of them migrates.
fn one_of_many_instances_migrates(instances: usize, url: &str) {
    let start = |_| {
        let url = url.to_owned();
        thread::spawn(move || {
            let folder = TempDir::new().expect("a folder");
            Service::start(&[("DATABASE_URL", &url)], folder.path())
        })
    };
    let starting: Vec<_> = (0..instances).map(start).collect();
    let services: Vec<_> = starting
        .into_iter()
        .map(|starting| starting.join().expect("a service"))
        .collect();

    let lines = || services.iter().flat_map(|service| &service.log);
    let up_to_date = lines()
        .filter(|line| line.contains("up to date applied="))
        .count();
    let unchanged = lines().filter(|line| line.ends_with("applied=0")).count();
    assert_eq!((up_to_date, unchanged), (instances, instances - 1));

    for service in &services {
        let created = service.post(&example::body("hello"));
        assert!(created.starts_with("HTTP/1.1 201 "), "{created}");
    }
    let page = services[0].get(example::COLLECTION);
    assert_eq!(page.matches("hello").count(), instances, "one store: {page}");
}

#[tokio::test]
async fn one_of_many_instances_migrates_on_postgres() {
    one_of_many_instances_migrates(5, FreshDatabase::postgres().await.url());
}

#[test]
fn one_of_many_instances_migrates_on_sqlite() {
    one_of_many_instances_migrates(5, FreshDatabase::sqlite().url());
}

/// A connection of a program with the service's name, which has the same lock.
async fn connect(url: &str) -> Database {
    let options = database::Options {
        application_name: NAME,
        ..database::Options::default()
    };

    database::connect(url, options).await.expect("a database")
}

/// A service that starts, and has logged that it waits for another process.
fn waiting_for_the_lock(url: &str) -> Service {
    let folder = TempDir::new().expect("a folder");
    let variables = [("DATABASE_URL", url), ("DATABASE_STATEMENT_TIMEOUT_SECONDS", "1")];
    let mut service = Service::spawn(&variables, folder.path());
    service.wait_for_log("another process");

    service
}

/// An instance that starts during a migration logs that it waits, and is ready once the lock is free.
async fn a_start_waits_for_the_migration_lock(database: FreshDatabase) {
    let url = database.url().to_owned();
    let connected = connect(&url).await;

    let migration = connected.with_migration_lock(TIMEOUT, async |_| {
        let url = url.clone();
        let waiting = tokio::task::spawn_blocking(move || waiting_for_the_lock(&url)).await;
        Ok(waiting.expect("a service that waits"))
    });

    let mut service = migration.await.expect("the migration lock");
    service.wait_until_ready();
    let created = service.post(&example::body("hello"));
    assert!(created.starts_with("HTTP/1.1 201 "), "{created}");
}

#[tokio::test]
async fn a_start_waits_for_the_migration_lock_on_postgres() {
    a_start_waits_for_the_migration_lock(FreshDatabase::postgres().await).await;
}

#[tokio::test]
async fn a_start_waits_for_the_migration_lock_on_sqlite() {
    a_start_waits_for_the_migration_lock(FreshDatabase::sqlite()).await;
}

#[tokio::test]
async fn a_signal_ends_a_start_that_waits_for_the_migration_lock() {
    let database = FreshDatabase::postgres().await;
    let url = database.url().to_owned();
    let connected = connect(&url).await;

    let migration = connected.with_migration_lock(TIMEOUT, async |_| {
        let url = url.clone();
        let stopping = move || {
            let mut service = waiting_for_the_lock(&url);
            service.signal("TERM");
            service.wait_for_log("stopped before the start was complete");
            service.child.wait().expect("an exit")
        };
        let status = tokio::task::spawn_blocking(stopping).await;
        Ok(status.expect("an end while the lock is held"))
    });

    assert!(migration.await.expect("the migration lock").success());
}
