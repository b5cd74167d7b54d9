//! More connections than `MAX_CONNECTIONS`, while requests are handled on some of them. `flood.rs` has those on which
//! none is.

use std::time::Duration;

use adapters::testing::{FreshDatabase, Proxy};
use tempfile::TempDir;

use crate::support::{Service, TIMEOUT, client::Client, example::COLLECTION, wait_until};

/// Sends a request whose response needs the database, which does not respond before the proxy resumes.
fn begin_request(service: &Service, proxy: &Proxy) -> Client {
    let mut client = Client::of(service);
    proxy.pause();
    client
        .send(format!("GET {COLLECTION} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())
        .expect("the request is taken");

    wait_until("the request reaches the database", || proxy.has_held());
    client
}

fn service_with_max_connections(proxy: &Proxy, limits: [&str; 2], folder: &TempDir) -> Service {
    let variables = [
        ("DATABASE_URL", proxy.url()),
        ("REQUEST_TIMEOUT_SECONDS", "60"),
        ("MAX_CONNECTIONS", limits[0]),
        ("MAX_CONNECTIONS_PER_CLIENT", limits[1]),
    ];
    Service::start(&variables, folder.path())
}

#[tokio::test]
async fn connections_on_which_requests_are_handled_are_not_closed_for_others() {
    let database = FreshDatabase::postgres().await;
    let (proxy, folder) = (Proxy::to(database.url()), TempDir::new().expect("a folder"));
    let service = service_with_max_connections(&proxy, ["2", "2"], &folder);
    let mut in_use = begin_request(&service, &proxy);

    // Each takes the place of the one before, which is idle then.
    let mut idle = Client::of(&service);
    assert_eq!(idle.get("/livez").expect("a response").status, 200);
    for source in [5, 6, 7] {
        let source = [127, 0, 0, source].into();
        let mut next = Client::connect_from(source, service.address).expect("a connection");
        assert_eq!(next.get("/livez").expect("a response").status, 200);
        idle.wait_until_closed();
        idle = next;
    }

    proxy.resume();
    assert_eq!(in_use.response().expect("a response").status, 200);
}

#[tokio::test]
async fn new_connection_waits_while_requests_are_handled_on_all_others() {
    let database = FreshDatabase::postgres().await;
    let (proxy, folder) = (Proxy::to(database.url()), TempDir::new().expect("a folder"));
    let mut service = service_with_max_connections(&proxy, ["1", "1"], &folder);
    let mut in_use = begin_request(&service, &proxy);

    let mut waiting = Client::connect_from([127, 0, 0, 5].into(), service.address).expect("a connection");
    waiting
        .send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .expect("the system takes it");
    service.wait_for_log("MAX_CONNECTIONS reached");
    let short = Some(Duration::from_millis(200));
    waiting.stream().set_read_timeout(short).expect("a timeout");
    assert!(
        waiting.response().is_err(),
        "the connection must not be served yet"
    );

    proxy.resume();
    assert_eq!(in_use.response().expect("a response").status, 200);
    waiting
        .stream()
        .set_read_timeout(Some(TIMEOUT))
        .expect("a timeout");
    assert_eq!(waiting.response().expect("a response").status, 200);
}

#[tokio::test]
async fn client_whose_connections_are_all_in_use_gets_no_further_one() {
    let database = FreshDatabase::postgres().await;
    let (proxy, folder) = (Proxy::to(database.url()), TempDir::new().expect("a folder"));
    let mut service = service_with_max_connections(&proxy, ["10", "1"], &folder);
    let mut in_use = begin_request(&service, &proxy);

    Client::of(&service).wait_until_closed();
    service.wait_for_log("MAX_CONNECTIONS_PER_CLIENT reached");
    let mut other = Client::connect_from([127, 0, 0, 5].into(), service.address).expect("a connection");
    assert_eq!(other.get("/livez").expect("a response").status, 200);

    proxy.resume();
    assert_eq!(in_use.response().expect("a response").status, 200);
}
