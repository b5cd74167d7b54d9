//! PgBouncer between the service and PostgreSQL.

use adapters::testing::{PgBouncer, PoolMode, PostgresServer};
use tempfile::TempDir;

use super::{
    TIMEOUTS, get, is_alive_but_unhealthy,
    load::{Load, all_acknowledged_are_stored, all_responses_were_in_time, all_succeeded_or_met_an_outage},
};
use crate::support::{Service, report, run, wait_until};

fn service_at(url: &str, folder: &TempDir) -> Service {
    Service::start(&[&TIMEOUTS[..], &[("DATABASE_URL", url)]].concat(), folder.path())
}

#[test]
fn acknowledged_items_survive_a_crash_of_postgres_behind_pgbouncer() {
    let (mut server, folder) = (PostgresServer::start(), TempDir::new().expect("a folder"));
    let bouncer = PgBouncer::start(server.url(), PoolMode::Session, "server_login_retry = 1");
    let service = service_at(bouncer.url(), &folder);
    let load = Load::on(service.address);
    let wait_for_items = |count| {
        wait_until("items are stored", || {
            load.count(|attempt| attempt.created()) >= count
        });
    };
    wait_for_items(50);

    server.kill();
    wait_until("requests fail", || {
        load.count(|attempt| attempt.status() == 503) >= 6
    });
    is_alive_but_unhealthy(&service);
    server.restart();
    wait_for_items(load.count(|attempt| attempt.created()) + 50);
    wait_until("the service is healthy", || {
        get(&service, "/healthcheck/").status == 200
    });

    let attempts = load.stop();
    all_succeeded_or_met_an_outage(&attempts);
    all_responses_were_in_time(&attempts);
    all_acknowledged_are_stored(&service, &attempts);
}

#[test]
fn transaction_pooling_under_a_running_service_is_an_outage_that_the_log_explains() {
    let (server, folder) = (PostgresServer::start(), TempDir::new().expect("a folder"));
    let mut bouncer = PgBouncer::start(server.url(), PoolMode::Session, "");
    let mut service = service_at(bouncer.url(), &folder);
    let load = Load::on(service.address);
    wait_until("items are stored", || {
        load.count(|attempt| attempt.created()) >= 50
    });

    bouncer.set_mode(PoolMode::Transaction);
    wait_until("requests fail", || {
        load.count(|attempt| attempt.status() >= 500) >= 20
    });
    service.wait_for_log("Use session pooling, or PgBouncer 1.21 or later with max_prepared_statements");

    let attempts = load.stop();
    all_succeeded_or_met_an_outage(&attempts);
    let direct = service_at(server.url(), &folder);
    let acknowledged = all_acknowledged_are_stored(&direct, &attempts);
    report(&format!(
        "{acknowledged} acknowledged and stored, {} requests",
        attempts.len()
    ));
}

#[test]
fn variable_that_a_pooler_refuses_is_named() {
    let (server, folder) = (PostgresServer::start(), TempDir::new().expect("a folder"));
    let bouncer = PgBouncer::start(server.url(), PoolMode::Session, "");

    let variables = [("DATABASE_URL", bouncer.url()), ("PGOPTIONS", "-c geqo=off")];
    let (code, _, log) = run(&["migrate", "status"], &variables, folder.path());

    assert_eq!(code, 1, "{log}");
    assert!(log.contains("remove the variable PGOPTIONS"), "{log}");
}
