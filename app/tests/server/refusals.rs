//! What clients meet while every turn is taken: the program on a database that does not answer for a while.

use std::{
    thread,
    time::{Duration, Instant},
};

use adapters::testing::{FreshDatabase, Proxy};
use tempfile::TempDir;

use crate::{
    support::client::Client,
    support::{PATIENCE, Running},
};

#[tokio::test]
async fn who_is_refused_and_does_not_wait_is_made_to() {
    let database = FreshDatabase::postgres().await;
    let proxy = Proxy::to(database.url());
    let folder = TempDir::new().expect("a folder");
    let variables = [
        ("DATABASE_URL", proxy.url()),
        ("MAX_CONCURRENT_REQUESTS", "1"),
        ("REQUEST_TIMEOUT_SECONDS", "60"),
    ];
    let mut service = Running::start(&variables, folder.path());
    let connect = || Client::of(&service);
    let mut served = connect();
    proxy.pause();
    served
        .send(b"GET /tweet/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .expect("the request is taken");
    let started = Instant::now();
    while !proxy.has_held() {
        assert!(started.elapsed() < PATIENCE, "the database was not asked");
        thread::sleep(Duration::from_millis(1));
    }
    let mut refused = connect();
    let since = Instant::now();
    let answer = refused.get("/tweet/").expect("an answer");
    assert!(
        answer.status == 503 && answer.head.contains("\r\nretry-after: 1\r\n"),
        "{answer:?}"
    );
    assert!(!answer.closes(), "{answer:?}");
    assert_eq!(refused.get("/livez").expect("an answer").status, 200);
    let held = since.elapsed();
    assert!(
        held >= Duration::from_millis(990),
        "the next request waited {held:?} only"
    );
    for path in ["/livez", "/healthcheck/", "/metrics"] {
        let answer = connect().get(path).expect("an answer");
        // The health report asks the database, which does not answer.
        assert_eq!(
            answer.status,
            if path == "/healthcheck/" { 503 } else { 200 },
            "{path}: {answer:?}"
        );
    }
    proxy.resume();
    assert_eq!(served.answer().expect("an answer").status, 200);
    assert_eq!(
        connect().get("/tweet/").expect("an answer").status,
        200,
        "there is room again"
    );
    service.wait_for("MAX_CONCURRENT_REQUESTS are under way");
}
