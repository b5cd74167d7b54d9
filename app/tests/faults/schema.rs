//! The service is configured not to migrate, and the database is not migrated.

use adapters::testing::{FreshDatabase, PostgresServer};
use migration::MigratorTrait;
use tempfile::TempDir;

use super::{TIMEOUTS, get, is_an_outage};
use crate::support::{Service, example, run};

/// The service is not ready, logs why, and is ready as soon as `migrate` has run.
fn is_ready_once_migrated(url: &str) {
    let folder = TempDir::new().expect("a folder");
    let variables = [("DATABASE_URL", url), ("MIGRATE_ON_START", "false")];
    let mut service = Service::start(&variables, folder.path());

    let health = get(&service, "/healthcheck/");
    let report = r#"{"status":"nok","db":{"status":"ok"},"schema":{"status":"nok"}}"#;
    assert_eq!((health.status, &*health.body), (503, report));
    let ready = get(&service, "/readyz");
    let report = r#"{"status":"nok","schema":{"status":"nok"}}"#;
    assert_eq!((ready.status, &*ready.body), (503, report));
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
    let ready = get(&service, "/readyz");
    let report = r#"{"status":"ok","schema":{"status":"ok"}}"#;
    assert_eq!((ready.status, &*ready.body), (200, report));
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

/// All instances would otherwise become unready at once, and their clients get refused connections instead of what is
/// cached, and a reason for everything else.
#[test]
fn service_that_has_seen_its_schema_stays_ready_without_its_database() {
    let (mut server, folder) = (PostgresServer::start(), TempDir::new().expect("a folder"));
    let url = [("DATABASE_URL", server.url())];
    run(&["migrate"], &url, folder.path());
    let variables = [&TIMEOUTS[..], &url, &[("MIGRATE_ON_START", "false")]].concat();
    let service = Service::start(&variables, folder.path());
    assert_eq!(get(&service, "/readyz").status, 200);

    server.kill();

    assert_eq!(get(&service, "/healthcheck/").status, 503);
    assert_eq!(get(&service, "/readyz").status, 200);
    assert!(is_an_outage(&get(&service, example::COLLECTION)));
}
