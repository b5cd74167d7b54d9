//! The service itself is killed under load, and started again.

use adapters::testing::FreshDatabase;
use tempfile::TempDir;

use super::{
    load::{Load, all_acknowledged_are_stored, all_are_proper},
    tell, until,
};
use crate::support::Running;

/// SIGKILL leaves no time for anything: what was acknowledged must be stored already.
fn what_was_acknowledged_outlives_the_service(url: &str) {
    let folder = TempDir::new().expect("a folder");
    let mut service = Running::start(&[("DATABASE_URL", url)], folder.path());
    let address = service.address.to_string();
    let load = Load::on(service.address);
    for _ in 0..3 {
        let before = load.count(|attempt| attempt.status() == 201);
        until("tweets are stored", || {
            load.count(|attempt| attempt.status() == 201) >= before + 50
        });
        service.child.kill().expect("a process to kill");
        service.child.wait().expect("its end");
        until("the service is gone", || {
            load.count(|attempt| attempt.status() == 0) > 0
        });
        service = Running::start(&[("DATABASE_URL", url), ("LISTEN_ADDR", &address)], folder.path());
    }
    let attempts = load.stop();
    all_are_proper(&attempts);
    let acknowledged = all_acknowledged_are_stored(&service, &attempts);
    let unanswered = attempts.iter().filter(|attempt| attempt.answer.is_none()).count();
    tell(&format!(
        "{acknowledged} acknowledged and stored, {unanswered} without an answer"
    ));
}

#[tokio::test]
async fn on_postgres() {
    what_was_acknowledged_outlives_the_service(FreshDatabase::postgres().await.url());
}

#[test]
fn on_sqlite() {
    what_was_acknowledged_outlives_the_service(FreshDatabase::sqlite().url());
}
