//! A newer version migrated the database, and this version is started on it again.

use adapters::testing::FreshDatabase;
use tempfile::TempDir;

use super::get;
use crate::support::{Service, example, run};

/// What a newer version leaves behind.
const FOREIGN: &str = "m20991231_000001_from_a_newer_version";

async fn unknown_migrations_are_reported_and_left_alone(fresh: FreshDatabase) {
    let (url, folder) = (fresh.url(), TempDir::new().expect("a folder"));
    let variables = [("DATABASE_URL", url)];
    let (status, ..) = run(&["migrate"], &variables, folder.path());
    assert_eq!(status, 0);
    let applied = format!("insert into seaql_migrations (version, applied_at) values ('{FOREIGN}', 0)");
    fresh.execute(&applied).await;

    for migrate_on_start in ["true", "false"] {
        let variables = [&variables[..], &[("MIGRATE_ON_START", migrate_on_start)]].concat();
        let mut service = Service::spawn(&variables, folder.path());
        let line = service.wait_for_log("migrations that this version does not know");
        assert!(line.contains("WARN") && line.contains(FOREIGN), "{line}");
        service.wait_until_ready();

        assert_eq!(get(&service, "/healthcheck/").status, 200);
        let created = service.post(&example::body("hello"));
        assert!(created.starts_with("HTTP/1.1 201 "), "{created}");
    }

    let (status, states, _) = run(&["migrate", "up"], &variables, folder.path());
    assert!(
        status == 0 && states.ends_with(&format!("unknown {FOREIGN}\n")),
        "{states}"
    );
    let (status, _, log) = run(&["migrate", "down"], &variables, folder.path());
    assert!(status == 1 && log.contains(FOREIGN), "{log}");
    let (_, after, _) = run(&["migrate", "status"], &variables, folder.path());
    assert_eq!(after, states, "nothing was reverted");
}

#[tokio::test]
async fn unknown_migrations_are_reported_and_left_alone_on_postgres() {
    unknown_migrations_are_reported_and_left_alone(FreshDatabase::postgres().await).await;
}

#[tokio::test]
async fn unknown_migrations_are_reported_and_left_alone_on_sqlite() {
    unknown_migrations_are_reported_and_left_alone(FreshDatabase::sqlite()).await;
}
