//! The service is configured not to migrate, and the database is not migrated.

use adapters::testing::FreshDatabase;
use migration::MigratorTrait;
use tempfile::TempDir;

use super::get;
use crate::support::{Service, example, run};

/// The service is not ready, logs why, and is ready as soon as `migrate` has run.
fn is_ready_once_migrated(url: &str) {
    let folder = TempDir::new().expect("a folder");
    let variables = [("DATABASE_URL", url), ("MIGRATE_ON_START", "false")];
    let mut service = Service::start(&variables, folder.path());

    let health = get(&service, "/healthcheck/");
    let report = r#"{"status":"nok","db":{"status":"ok"},"schema":{"status":"nok"}}"#;
    assert_eq!((health.status, &*health.body), (503, report));
    let line = service.wait_for_log("dependency=schema");
    let pending = format!(
        "{} pending; run `migrate up`",
        migration::Migrator::migrations().len()
    );
    assert!(line.contains("WARN") && line.contains(&pending), "{line}");
    assert_eq!(get(&service, "/livez").status, 200);

    run(&["migrate"], &[("DATABASE_URL", url)], folder.path());
    let health = get(&service, "/healthcheck/");
    let report = r#"{"status":"ok","db":{"status":"ok"},"schema":{"status":"ok"}}"#;
    assert_eq!((health.status, &*health.body), (200, report));
    let created = service.post(&example::body("hello"));
    assert!(created.starts_with("HTTP/1.1 201 "), "{created}");
}

#[tokio::test]
async fn is_ready_once_migrated_on_postgres() {
    is_ready_once_migrated(FreshDatabase::postgres().await.url());
}

#[test]
fn is_ready_once_migrated_on_sqlite() {
    is_ready_once_migrated(FreshDatabase::sqlite().url());
}
