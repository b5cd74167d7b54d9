//! The service does not migrate, and somebody has to.

use adapters::testing::FreshDatabase;
use tempfile::TempDir;

use super::get;
use crate::support::{Running, run};

/// It is not ready before somebody migrated, says why, and is ready then.
fn is_ready_once_migrated(url: &str) {
    let folder = TempDir::new().expect("a folder");
    let mut service = Running::start(
        &[("DATABASE_URL", url), ("MIGRATE_ON_START", "false")],
        folder.path(),
    );
    let health = get(&service, "/healthcheck/");
    let report = r#"{"status":"nok","db":{"status":"ok"},"schema":{"status":"nok"}}"#;
    assert_eq!((health.status, &*health.body), (503, report));
    let line = service.wait_for("dependency=schema");
    assert!(
        line.contains("WARN") && line.contains("2 pending; run: templatesite migrate"),
        "{line}"
    );
    assert_eq!(get(&service, "/livez").status, 200);
    run(&["migrate"], &[("DATABASE_URL", url)], folder.path());
    let health = get(&service, "/healthcheck/");
    let report = r#"{"status":"ok","db":{"status":"ok"},"schema":{"status":"ok"}}"#;
    assert_eq!((health.status, &*health.body), (200, report));
    assert!(service.post("{\"text\":\"hello\"}").starts_with("HTTP/1.1 201 "));
}

#[tokio::test]
async fn on_postgres() {
    is_ready_once_migrated(FreshDatabase::postgres().await.url());
}

#[test]
fn on_sqlite() {
    is_ready_once_migrated(FreshDatabase::sqlite().url());
}
