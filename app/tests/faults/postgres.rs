//! PostgreSQL goes away under load, and comes back.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use adapters::testing::PostgresServer;
use tempfile::TempDir;

use super::{
    TIMEOUTS, get, is_alive_but_unhealthy,
    load::{
        Attempt, Load, all_acknowledged_are_stored, all_responses_were_in_time,
        all_succeeded_or_met_an_outage,
    },
};
use crate::support::{Service, client::request, example, report, wait_until};

fn variables_of(url: &str) -> Vec<(&str, &str)> {
    [&TIMEOUTS[..], &[("DATABASE_URL", url)]].concat()
}

/// Asserts that requests succeed soon after the database is back, and that those that begin then do not fail.
fn recovers_at_once(attempts: &[Attempt], calm: &Range<Instant>) {
    let since = attempts.iter().filter(|attempt| calm.contains(&attempt.ended));
    let (succeeded, failed): (Vec<_>, Vec<_>) = since.partition(|attempt| attempt.is_a_success());
    let (new, old): (Vec<_>, Vec<_>) = failed.into_iter().partition(|it| it.began > calm.start);
    let first = succeeded.iter().map(|attempt| attempt.ended - calm.start).min();
    let first = first.unwrap_or(Duration::MAX);

    report(&format!(
        "back: first success after {first:?}; failed: {} begun before, {} after",
        old.len(),
        new.len()
    ));
    assert!(
        first < Duration::from_secs(1),
        "the first success came after {first:?}"
    );
    assert!(new.is_empty(), "begun after the database was back: {new:?}");
}

/// Asserts that no acknowledged item is lost while this server crashes again and again under a service with these
/// variables.
pub(super) fn acknowledged_items_survive_crashes(server: &mut PostgresServer, variables: &[(&str, &str)]) {
    let folder = TempDir::new().expect("a folder");
    let service = Service::start(variables, folder.path());
    let load = Load::on(service.address);
    let wait_for_items = |since: Instant| {
        wait_until("items are stored", || {
            load.count(|attempt| attempt.created() && attempt.began > since) >= 150
        });
    };
    wait_for_items(Instant::now());

    let mut calm = Vec::new();
    for fault in [
        PostgresServer::kill,
        PostgresServer::stop_immediately,
        PostgresServer::kill,
    ] {
        let away = Instant::now();
        fault(server);
        wait_until("requests fail", || {
            load.count(|attempt| attempt.status() == 503 && attempt.ended > away) >= 6
        });
        is_alive_but_unhealthy(&service);

        server.restart();
        let back = Instant::now();
        wait_for_items(back);
        assert_eq!(get(&service, "/healthcheck/").status, 200);
        calm.push(back..Instant::now());
    }

    let attempts = load.stop();
    all_succeeded_or_met_an_outage(&attempts);
    let longest = all_responses_were_in_time(&attempts);
    for calm in &calm {
        recovers_at_once(&attempts, calm);
    }
    let acknowledged = all_acknowledged_are_stored(&service, &attempts);
    report(&format!(
        "{acknowledged} acknowledged and stored, {} requests, longest {longest:?}",
        attempts.len()
    ));
}

#[test]
fn acknowledged_items_survive_crashes_of_postgres() {
    let mut server = PostgresServer::start();
    let url = server.url().to_owned();
    acknowledged_items_survive_crashes(&mut server, &variables_of(&url));
}

/// Asserts that thirty different pages, requested at once, succeed. They do not share a statement, so they need many
/// connections.
fn many_pages_succeed(service: &Service) {
    let address = service.address;
    let page = |limit| {
        let path = format!("{}?limit={limit}", example::COLLECTION);
        std::thread::spawn(move || request(address, "GET", &path, ""))
    };

    let pages: Vec<_> = (1..=30).map(page).collect();
    for page in pages {
        let response = page.join().expect("a client").expect("a response");
        assert_eq!(response.status, 200, "{response:?}");
    }
}

fn idle_connections(service: &Service) -> u32 {
    let metrics = get(service, "/metrics").body;
    let mut counts = metrics
        .lines()
        .filter(|line| line.starts_with("db_client_connection_count"));

    let idle = counts.find(|line| line.contains("state=\"idle\""));
    idle.and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .unwrap_or_default()
}

#[test]
fn a_pool_of_dead_connections_fails_no_request() {
    let (mut server, folder) = (PostgresServer::start(), TempDir::new().expect("a folder"));
    let service = Service::start(&variables_of(server.url()), folder.path());
    wait_until("there are idle connections", || {
        many_pages_succeed(&service);
        idle_connections(&service) >= 4
    });

    for fault in [PostgresServer::kill, PostgresServer::stop_immediately] {
        fault(&mut server);
        server.restart();

        let body = example::body("at once");
        let created = request(service.address, "POST", example::COLLECTION, &body);
        assert_eq!(created.expect("a response").status, 201);
        many_pages_succeed(&service);
    }

    let page = get(&service, example::COLLECTION).body;
    assert_eq!(page.matches("at once").count(), 2, "each is stored once: {page}");
}
