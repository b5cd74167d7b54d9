//! The database goes away under load, and comes back.

use std::time::{Duration, Instant};

use adapters::testing::PostgresServer;
use tempfile::TempDir;

use super::{
    DEADLINES, IN_TIME, get,
    load::{Load, all_acknowledged_are_stored, all_are_proper, ask},
    reports_an_outage, tell, until,
};
use crate::support::Running;

fn service_on(server: &PostgresServer, folder: &TempDir) -> Running {
    Running::start(
        &[&DEADLINES[..], &[("DATABASE_URL", server.url())]].concat(),
        folder.path(),
    )
}

#[test]
fn what_was_acknowledged_is_stored_whatever_happens_to_postgres() {
    let (mut server, folder) = (PostgresServer::start(), TempDir::new().expect("a folder"));
    let service = service_on(&server, &folder);
    let load = Load::on(service.address);
    let stored_since = |when: Instant| {
        until("tweets are stored", || {
            load.count(|it| it.status() == 201 && it.began > when) >= 150
        });
    };
    stored_since(Instant::now());
    let mut calm = Vec::new();
    for fault in [
        PostgresServer::kill,
        PostgresServer::stop_immediately,
        PostgresServer::kill,
    ] {
        let away = Instant::now();
        fault(&mut server);
        until("requests fail", || {
            load.count(|it| it.status() == 503 && it.ended > away) >= 6
        });
        reports_an_outage(&service);
        server.restart();
        let back = Instant::now();
        stored_since(back);
        assert_eq!(get(&service, "/healthcheck/").status, 200);
        calm.push(back..Instant::now());
    }
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
    for calm in calm {
        let since = attempts.iter().filter(|attempt| calm.contains(&attempt.ended));
        let (good, bad): (Vec<_>, Vec<_>) = since.partition(|attempt| attempt.is_a_success());
        let first = good
            .iter()
            .map(|attempt| attempt.ended - calm.start)
            .min()
            .unwrap_or(Duration::MAX);
        let (new, old): (Vec<_>, Vec<_>) = bad.into_iter().partition(|it| it.began > calm.start);
        tell(&format!(
            "back: first success after {first:?}; failed: {} begun before, {} after",
            old.len(),
            new.len()
        ));
        assert!(
            first < Duration::from_secs(1),
            "the first success came after {first:?}"
        );
        assert!(
            new.is_empty(),
            "requests failed that began after the database was back: {new:?}"
        );
    }
    let acknowledged = all_acknowledged_are_stored(&service, &attempts);
    tell(&format!(
        "{acknowledged} acknowledged and stored, {} requests, longest {longest:?}",
        attempts.len()
    ));
}

#[test]
fn a_pool_full_of_dead_connections_costs_no_request() {
    let (mut server, folder) = (PostgresServer::start(), TempDir::new().expect("a folder"));
    let service = service_on(&server, &folder);
    // Different pages do not share a statement, so many at once need many connections.
    let pages = || {
        let address = service.address;
        let page = |limit| move || ask(address, "GET", &format!("/tweet/?limit={limit}"), "");
        let pages: Vec<_> = (1..=30).map(|limit| std::thread::spawn(page(limit))).collect();
        pages
            .into_iter()
            .map(|page| page.join().expect("a client").expect("an answer").status)
            .collect()
    };
    let idle = || {
        let metrics = get(&service, "/metrics").body;
        let line = metrics
            .lines()
            .find(|line| line.starts_with("db_client_connection_count") && line.contains("state=\"idle\""));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u32>().ok())
            .unwrap_or_default()
    };
    until("there are idle connections", || {
        let statuses: Vec<u16> = pages();
        assert_eq!(statuses, [200; 30]);
        idle() >= 4
    });
    for fault in [PostgresServer::kill, PostgresServer::stop_immediately] {
        fault(&mut server);
        server.restart();
        let created = ask(service.address, "POST", "/tweet/", "{\"text\":\"at once\"}").expect("an answer");
        assert_eq!(created.status, 201, "{created:?}");
        let statuses: Vec<u16> = pages();
        assert_eq!(statuses, [200; 30]);
    }
    let tweets = get(&service, "/tweet/").body;
    assert_eq!(
        tweets.matches("at once").count(),
        2,
        "each is stored once: {tweets}"
    );
}
