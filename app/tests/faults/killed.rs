//! The service is killed under load, and started again.

use adapters::testing::FreshDatabase;
use tempfile::TempDir;

use super::load::{Load, all_acknowledged_are_stored, all_succeeded_or_met_an_outage};
use crate::support::{Service, report, wait_until};

/// SIGKILL leaves no time for anything: whatever was acknowledged must be stored already.
pub(super) fn acknowledged_items_survive_kills(variables: &[(&str, &str)]) {
    let folder = TempDir::new().expect("a folder");
    let mut service = Service::start(variables, folder.path());
    let address = service.address.to_string();
    let load = Load::on(service.address);

    for _ in 0..3 {
        let before = load.count(|attempt| attempt.created());
        wait_until("items are stored", || {
            load.count(|attempt| attempt.created()) >= before + 50
        });

        service.child.kill().expect("a process to kill");
        service.child.wait().expect("its end");
        wait_until("the service is gone", || {
            load.count(|attempt| attempt.response.is_none()) > 0
        });
        let again = [variables, &[("LISTEN_ADDR", &*address)]].concat();
        service = Service::start(&again, folder.path());
    }

    let attempts = load.stop();
    all_succeeded_or_met_an_outage(&attempts);
    let acknowledged = all_acknowledged_are_stored(&service, &attempts);
    let lost = attempts
        .iter()
        .filter(|attempt| attempt.response.is_none())
        .count();
    report(&format!(
        "{acknowledged} acknowledged and stored, {lost} without a response"
    ));
}

#[tokio::test]
async fn acknowledged_items_survive_kills_on_postgres() {
    acknowledged_items_survive_kills(&[("DATABASE_URL", FreshDatabase::postgres().await.url())]);
}

#[test]
fn acknowledged_items_survive_kills_on_sqlite() {
    acknowledged_items_survive_kills(&[("DATABASE_URL", FreshDatabase::sqlite().url())]);
}
