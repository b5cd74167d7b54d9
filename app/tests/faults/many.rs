//! Many instances start at once on one empty database.

use std::thread;

use adapters::{database, testing::FreshDatabase};
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

/// An instance that starts during a migration logs that it waits, and is ready once the lock is free.
async fn a_start_waits_for_the_migration_lock(database: FreshDatabase) {
    let url = database.url().to_owned();
    // The lock is that of the program's name.
    let options = database::Options {
        application_name: NAME,
        ..database::Options::default()
    };
    let connected = database::connect(&url, options).await;
    let connected = connected.expect("a database");

    let migration = connected.with_migration_lock(TIMEOUT, async |_| {
        let starting = move || {
            let folder = TempDir::new().expect("a folder");
            let variables = [
                ("DATABASE_URL", &*url),
                ("DATABASE_STATEMENT_TIMEOUT_SECONDS", "1"),
            ];
            let mut service = Service::spawn(&variables, folder.path());
            service.wait_for_log("another process");
            service
        };
        let waiting = tokio::task::spawn_blocking(starting).await;
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
