//! The database stops responding, and its connections stay open.

use std::time::{Duration, Instant};

use adapters::testing::{PostgresServer, Proxy};
use tempfile::TempDir;

use super::{
    MAX_REQUEST_TIME, TIMEOUTS, get, is_alive_but_unhealthy, is_an_outage,
    load::{Load, all_acknowledged_are_stored, all_responses_were_in_time, all_succeeded_or_met_an_outage},
};
use crate::support::{Service, client::request, example, report, wait_until};

fn wait_until_ready(service: &Service) {
    wait_until("the service is ready", || {
        get(service, "/healthcheck/").status == 200
    });
}

/// Asserts that no request waits for longer than its timeout while this server is frozen under a service with these
/// variables, and that requests succeed soon after it is thawed.
pub(super) fn a_frozen_database_blocks_no_request(server: &mut PostgresServer, variables: &[(&str, &str)]) {
    let folder = TempDir::new().expect("a folder");
    let service = Service::start(variables, folder.path());
    let load = Load::on(service.address);
    wait_until("items are stored", || {
        load.count(|attempt| attempt.created()) >= 50
    });

    let frozen = Instant::now();
    server.freeze();
    wait_until("requests fail", || {
        load.count(|attempt| attempt.status() == 503 && attempt.ended > frozen) >= 12
    });
    is_alive_but_unhealthy(&service);

    let thawed = Instant::now();
    server.thaw();
    wait_until("a request succeeds", || {
        load.count(|attempt| attempt.is_a_success() && attempt.ended > thawed) > 0
    });
    wait_until_ready(&service);
    wait_until("new requests succeed", || {
        load.count(|attempt| attempt.is_a_success() && attempt.began > thawed) >= 50
    });

    let attempts = load.stop();
    all_succeeded_or_met_an_outage(&attempts);
    let longest = all_responses_were_in_time(&attempts);
    let since = || attempts.iter().filter(|attempt| attempt.ended > thawed);
    let successes = since().filter(|attempt| attempt.is_a_success());
    let first = successes.map(|attempt| attempt.ended - thawed).min();
    let first = first.unwrap_or(Duration::MAX);
    assert!(
        first < Duration::from_secs(1),
        "the first success came after {first:?}"
    );
    let failed = since().filter(|attempt| attempt.status() == 503 && attempt.began > thawed);
    assert_eq!(failed.count(), 0, "of the requests begun after the thaw");

    let acknowledged = all_acknowledged_are_stored(&service, &attempts);
    report(&format!(
        "{acknowledged} acknowledged and stored, longest {longest:?}, first success after {first:?}"
    ));
}

#[test]
fn a_frozen_database_blocks_no_request_and_recovers_when_thawed() {
    let mut server = PostgresServer::start();
    let url = server.url().to_owned();
    let variables = [&TIMEOUTS[..], &[("DATABASE_URL", &url)]].concat();
    a_frozen_database_blocks_no_request(&mut server, &variables);
}

/// A machine that vanishes closes no connection: packets to it get neither an acknowledgement nor a reset. Its successor
/// has the same address.
#[test]
fn connections_to_a_vanished_machine_are_replaced_after_one_timeout() {
    let (server, folder) = (PostgresServer::start(), TempDir::new().expect("a folder"));
    let proxy = Proxy::to(server.url());
    // With one connection there is no other that could still work.
    let variables = [
        &TIMEOUTS[..],
        &[("DATABASE_URL", proxy.url()), ("DATABASE_MAX_CONNECTIONS", "1")],
    ];
    let service = Service::start(&variables.concat(), folder.path());
    let create = || {
        let body = example::body("hello");
        request(service.address, "POST", example::COLLECTION, &body).expect("a response")
    };

    for _ in 0..3 {
        assert_eq!(create().status, 201);
        proxy.silence();

        let began = Instant::now();
        let first = create();
        assert!(is_an_outage(&first), "{first:?}");
        assert!(
            began.elapsed() < MAX_REQUEST_TIME,
            "it took {:?}",
            began.elapsed()
        );
        assert_eq!(create().status, 201, "the next request has a new connection");
    }

    // The health check alone replaces the connection as well.
    proxy.silence();
    let began = Instant::now();
    wait_until_ready(&service);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(3), "it took {took:?}");
    assert_eq!(create().status, 201);
}
