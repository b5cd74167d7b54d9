//! The primary is killed under load, and its standby promoted.

use std::time::{Duration, Instant};

use adapters::testing::PostgresServer;
use tempfile::TempDir;

use super::{
    TIMEOUTS, get, is_alive_but_unhealthy,
    load::{
        Attempt, Load, all_acknowledged_are_stored, all_responses_were_in_time,
        all_succeeded_or_met_an_outage,
    },
};
use crate::support::{Service, report, run, wait_until};

/// The number of items that are acknowledged before the failover.
const ITEMS: usize = 10_000;

const CLIENTS: usize = 24;

/// The time from a promotion to the first success.
const MAX_TIME_TO_SUCCESS: Duration = Duration::from_secs(2);

/// The primary acknowledges only what its standby has.
#[test]
fn acknowledged_items_survive_a_failover_with_synchronous_replication() {
    let mut primary = PostgresServer::start_with("-c synchronous_standby_names=*");
    let mut standby = primary.standby();
    let url = PostgresServer::url_of(&[&standby, &primary]);
    let folder = TempDir::new().expect("a folder");
    let variables = [&TIMEOUTS[..], &[("DATABASE_URL", &url)]].concat();
    let service = Service::start(&variables, folder.path());
    let load = Load::creating(service.address, CLIENTS);
    // A thousand at a time, because each wait is bounded.
    for items in (0..=ITEMS).step_by(1_000) {
        wait_until("items are stored", || load.count(Attempt::created) >= items);
    }

    primary.kill();
    let away = Instant::now();
    wait_until("requests fail", || {
        load.count(|attempt| attempt.status() == 503 && attempt.ended > away) >= CLIENTS
    });
    is_alive_but_unhealthy(&service);

    standby.promote();
    let promoted = Instant::now();
    wait_until("items are stored again", || {
        load.count(|attempt| attempt.created() && attempt.began > promoted) >= 500
    });
    assert_eq!(get(&service, "/healthcheck/").status, 200);

    let attempts = load.stop();
    all_succeeded_or_met_an_outage(&attempts);
    let acknowledged = all_acknowledged_are_stored(&service, &attempts);
    let first = time_to_first_success(&attempts, away, promoted);
    report(&format!(
        "{acknowledged} acknowledged and stored, first success {first:?} after the promotion"
    ));
    assert!(
        first < MAX_TIME_TO_SUCCESS,
        "the first success came after {first:?}"
    );
    all_responses_were_in_time(&attempts);

    commands_find_the_new_primary(&url, &folder);
}

fn time_to_first_success(attempts: &[Attempt], away: Instant, promoted: Instant) -> Duration {
    let successes = attempts
        .iter()
        .filter(|attempt| attempt.created() && attempt.began > away);
    let times = successes.map(|attempt| attempt.ended.saturating_duration_since(promoted));

    times.min().expect("a success")
}

/// The same servers in parts, one of which is gone.
fn commands_find_the_new_primary(url: &str, folder: &TempDir) {
    let (_, servers) = url.split_once('@').expect("servers");
    let servers = servers.trim_end_matches("/postgres").split(',');
    let (hosts, ports): (Vec<_>, Vec<_>) = servers.filter_map(|server| server.split_once(':')).unzip();
    let (hosts, ports) = (hosts.join(","), ports.join(","));
    let variables = [
        ("POSTGRES_HOST", &*hosts),
        ("POSTGRES_PORT", &ports),
        ("POSTGRES_DB", "postgres"),
    ];

    let (status, states, log) = run(&["migrate", "up"], &variables, folder.path());
    assert!(status == 0 && states.starts_with("applied "), "{log}");
    let (status, _, log) = run(&["load-fixtures"], &variables, folder.path());
    assert_eq!(status, 0, "{log}");
}
