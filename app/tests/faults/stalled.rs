//! The database falls silent: connections stay open, and nothing is answered.

use std::time::{Duration, Instant};

use adapters::testing::{PostgresServer, Proxy};
use tempfile::TempDir;

use super::{
    DEADLINES, IN_TIME, get, is_an_outage,
    load::{Load, all_acknowledged_are_stored, all_are_proper, ask},
    reports_an_outage, tell, until,
};
use crate::support::Running;

#[test]
fn a_frozen_database_hangs_no_request_and_works_again_by_itself() {
    let (mut server, folder) = (PostgresServer::start(), TempDir::new().expect("a folder"));
    let variables = [&DEADLINES[..], &[("DATABASE_URL", server.url())]].concat();
    let service = Running::start(&variables, folder.path());
    let load = Load::on(service.address);
    until("tweets are stored", || {
        load.count(|attempt| attempt.status() == 201) >= 50
    });
    let frozen = Instant::now();
    server.freeze();
    until("requests fail", || {
        load.count(|attempt| attempt.status() == 503 && attempt.ended > frozen) >= 12
    });
    reports_an_outage(&service);
    let thawed = Instant::now();
    server.thaw();
    until("requests succeed", || {
        load.count(|it| it.is_a_success() && it.ended > thawed) > 0
    });
    until("the report is good", || {
        get(&service, "/healthcheck/").status == 200
    });
    until("all succeed", || {
        load.count(|it| it.is_a_success() && it.began > thawed) >= 50
    });
    let attempts = load.stop();
    all_are_proper(&attempts);
    assert!(
        attempts.iter().all(|attempt| attempt.answer.is_some()),
        "every request was answered"
    );
    let longest = attempts
        .iter()
        .map(|attempt| attempt.took())
        .max()
        .unwrap_or_default();
    assert!(longest < IN_TIME, "a request took {longest:?}");
    let successes = attempts
        .iter()
        .filter(|it| it.is_a_success() && it.ended > thawed);
    let first = successes
        .map(|it| it.ended - thawed)
        .min()
        .unwrap_or(Duration::MAX);
    assert!(
        first < Duration::from_secs(1),
        "the first success came after {first:?}"
    );
    let failed = attempts
        .iter()
        .filter(|it| it.status() == 503 && it.began > thawed)
        .count();
    assert_eq!(
        failed, 0,
        "requests failed that began after the database was back"
    );
    let acknowledged = all_acknowledged_are_stored(&service, &attempts);
    tell(&format!(
        "{acknowledged} acknowledged and stored, longest {longest:?}, first success after {first:?}"
    ));
}

/// A machine that vanishes closes no connection: what was sent to it is neither answered nor refused. Its successor
/// answers at the same address.
#[test]
fn connections_that_lead_nowhere_are_given_up_though_nobody_closes_them() {
    let (server, folder) = (PostgresServer::start(), TempDir::new().expect("a folder"));
    let proxy = Proxy::to(server.url());
    // With one connection there is no other that could still work.
    let variables = [
        &DEADLINES[..],
        &[("DATABASE_URL", proxy.url()), ("DATABASE_MAX_CONNECTIONS", "1")],
    ];
    let service = Running::start(&variables.concat(), folder.path());
    let create = || ask(service.address, "POST", "/tweet/", "{\"text\":\"hello\"}").expect("an answer");
    for _ in 0..3 {
        assert_eq!(create().status, 201);
        proxy.silence();
        let began = Instant::now();
        let first = create();
        assert!(is_an_outage(&first), "{first:?}");
        assert!(began.elapsed() < IN_TIME, "it took {:?}", began.elapsed());
        assert_eq!(create().status, 201, "the next one has a connection of its own");
    }
    // And when nobody asks anything but how it is.
    proxy.silence();
    let began = Instant::now();
    until("the report is good", || {
        get(&service, "/healthcheck/").status == 200
    });
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "it took {:?}",
        began.elapsed()
    );
    assert_eq!(create().status, 201);
}
