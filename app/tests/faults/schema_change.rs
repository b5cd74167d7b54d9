//! Migrations that run while an older version serves requests.

use adapters::testing::FreshDatabase;
use tempfile::TempDir;

use super::load::{Load, all_acknowledged_are_stored, all_responses_were_in_time};
use crate::support::{Service, example, report, wait_until};

/// Each of these invalidates what was prepared on the table, and leaves what this version stores valid.
const CHANGES: [&str; 3] = [
    "alter table TABLE alter column COLUMN type varchar(280)",
    "alter table TABLE add column added_later text",
    "alter table TABLE alter column COLUMN type text",
];

#[tokio::test]
async fn no_request_fails_when_the_schema_changes_under_load() {
    let (fresh, folder) = (FreshDatabase::postgres().await, TempDir::new().expect("a folder"));
    let service = Service::start(
        &[("DATABASE_URL", fresh.url()), ("CACHE_BYTES", "0")],
        folder.path(),
    );
    let load = Load::on(service.address);

    for change in CHANGES {
        let before = load.count(|attempt| attempt.is_a_success());
        wait_until("requests succeed", || {
            load.count(|attempt| attempt.is_a_success()) >= before + 50
        });
        fresh
            .execute(
                &change
                    .replace("TABLE", example::TABLE)
                    .replace("COLUMN", example::TEXT),
            )
            .await;
    }
    let before = load.count(|attempt| attempt.is_a_success());
    wait_until("requests succeed", || {
        load.count(|attempt| attempt.is_a_success()) >= before + 50
    });

    let attempts = load.stop();
    let failed = attempts.iter().find(|attempt| !attempt.is_a_success());
    assert!(failed.is_none(), "{failed:?}");
    let longest = all_responses_were_in_time(&attempts);
    let acknowledged = all_acknowledged_are_stored(&service, &attempts);
    report(&format!(
        "{acknowledged} acknowledged and stored, longest {longest:?}"
    ));
}
