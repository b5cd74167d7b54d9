//! Many instances start at once on one empty database.

use std::thread;

use adapters::{database, testing::FreshDatabase};
use tempfile::TempDir;

use crate::support::{PATIENCE, Running};

/// All of them come up, and one of them migrates.
fn start_at_once(instances: usize, url: &str) {
    let start = |_| {
        let url = url.to_owned();
        thread::spawn(move || {
            let folder = TempDir::new().expect("a folder");
            Running::start(&[("DATABASE_URL", &url)], folder.path())
        })
    };
    let starting: Vec<_> = (0..instances).map(start).collect();
    let running: Vec<_> = starting
        .into_iter()
        .map(|starting| starting.join().expect("it serves"))
        .collect();
    let lines = || running.iter().flat_map(|service| &service.log);
    let found = lines()
        .filter(|line| line.contains("up to date applied="))
        .count();
    let found_done = lines()
        .filter(|line| line.ends_with("up to date applied=0"))
        .count();
    assert_eq!(
        (found, found_done),
        (instances, instances - 1),
        "one migrates, the others find it done"
    );
    for service in &running {
        assert!(service.post("{\"text\":\"hello\"}").starts_with("HTTP/1.1 201 "));
    }
    let tweets = running[0].get("/tweet/");
    assert_eq!(
        tweets.matches("hello").count(),
        instances,
        "they share one store: {tweets}"
    );
}

#[tokio::test]
async fn on_postgres() {
    start_at_once(5, FreshDatabase::postgres().await.url());
}

#[test]
fn on_sqlite() {
    start_at_once(5, FreshDatabase::sqlite().url());
}

/// While somebody else changes the schema, a start waits, says so, and goes on when its turn comes.
async fn waits_for_its_turn(database: FreshDatabase) {
    let url = database.url().to_owned();
    let connections = database::connect(&url, database::Options::default())
        .await
        .expect("a database");
    let work = connections.with_migration_lock(PATIENCE, async |_| {
        let starting = thread::spawn(move || {
            let folder = TempDir::new().expect("a folder");
            let variables = [
                ("DATABASE_URL", &*url),
                ("DATABASE_STATEMENT_TIMEOUT_SECONDS", "1"),
            ];
            let mut service = Running::spawn(&variables, folder.path());
            service.wait_for("another process is changing the schema; waiting for it");
            service
        });
        Ok(tokio::task::spawn_blocking(|| starting.join().expect("it waits"))
            .await
            .expect("a thread"))
    });
    let mut service = work.await.expect("a turn");
    service.serves();
    assert!(service.post("{\"text\":\"hello\"}").starts_with("HTTP/1.1 201 "));
}

#[tokio::test]
async fn a_start_waits_for_its_turn_on_postgres() {
    waits_for_its_turn(FreshDatabase::postgres().await).await;
}

#[tokio::test]
async fn a_start_waits_for_its_turn_on_sqlite() {
    waits_for_its_turn(FreshDatabase::sqlite()).await;
}
