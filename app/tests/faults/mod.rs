//! What holds when something breaks: the database is killed, stopped or frozen, the service is killed, many instances
//! start at once. The tests run real processes under a load of requests.

mod failover;
mod postgres;

mod clock_skew;
mod killed;
mod many;
mod poolers;
mod replicas;
mod retries;
mod roles;
mod rollback;
mod schema;
mod schema_change;
mod stalled;
mod with_standby;

mod load;

use std::time::Duration;

use crate::support::{
    Service,
    client::{Response, request},
};

/// Short timeouts, so that an outage shows soon.
const TIMEOUTS: [(&str, &str); 3] = [
    ("DATABASE_ACQUIRE_TIMEOUT_SECONDS", "1"),
    ("DATABASE_STATEMENT_TIMEOUT_SECONDS", "2"),
    ("REQUEST_TIMEOUT_SECONDS", "4"),
];

/// The longest that a request may take: its timeout, and half a second for a busy machine.
const MAX_REQUEST_TIME: Duration = Duration::from_millis(4500);

fn get(service: &Service, path: &str) -> Response {
    request(service.address, "GET", path, "").expect("a response")
}

/// Asserts that the service is alive and unhealthy. It remains ready, because it still serves what it has cached, and a
/// reason for everything else.
fn is_alive_but_unhealthy(service: &Service) {
    let health = get(service, "/healthcheck/");
    assert_eq!(health.status, 503);
    let report = r#"{"status":"nok","db":{"status":"nok"}"#;
    assert!(health.body.starts_with(report), "{health:?}");

    for probe in ["/livez", "/readyz"] {
        assert_eq!(get(service, probe).status, 200, "{probe}");
    }
}

/// Whether a response is the one for an outage: a problem that asks the client to retry.
fn is_an_outage(response: &Response) -> bool {
    response.status == 503
        && response.header("content-type") == Some("application/problem+json")
        && response.header("retry-after") == Some("1")
}
