//! More concurrent requests than `MAX_CONCURRENT_REQUESTS`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use adapters::testing::{FreshDatabase, Proxy};
use app::compose;
use poem::{http::StatusCode, test::TestClient};
use tempfile::TempDir;

use crate::support::{
    Service,
    client::Client,
    config,
    example::{COLLECTION, Gated, repositories},
    store_over, wait_until,
};

#[tokio::test]
async fn requests_beyond_the_limit_get_503_at_once_without_reaching_the_store() {
    let gated = Gated::default();
    let store = store_over(repositories(gated.clone()));
    let config = config(&[
        ("MAX_CONCURRENT_REQUESTS", "2"),
        ("REQUEST_TIMEOUT_SECONDS", "60"),
    ]);
    let router = compose::router(&config, &store, None, Arc::default());
    let client = Arc::new(TestClient::new(router).default_header("host", "localhost"));
    let list = || {
        let client = Arc::clone(&client);
        tokio::spawn(async move { client.get(COLLECTION).send().await.0.status() })
    };
    let in_flight = [list(), list()];
    while gated.statements().len() < 2 {
        tokio::task::yield_now().await;
    }

    for _ in 0..10 {
        let response = client.get(COLLECTION).send().await;
        response.assert_status(StatusCode::SERVICE_UNAVAILABLE);
        response.assert_header("retry-after", "1");
        response.assert_content_type("application/problem+json");
        response.assert_header_exist("x-request-id");
        assert_eq!(gated.statements().len(), 2, "the store is not called");
    }
    for path in ["/livez", "/readyz", "/healthcheck/", "/metrics", "/docs"] {
        let response = client.get(path).send().await;
        assert_eq!(response.0.status(), StatusCode::OK, "{path}");
    }

    gated.release(3);
    for request in in_flight {
        assert_eq!(request.await.expect("a status"), StatusCode::OK);
    }
    assert_eq!(
        list().await.expect("a status"),
        StatusCode::OK,
        "below the limit again"
    );
}

#[tokio::test]
async fn overloaded_client_is_delayed_until_retry_after() {
    let database = FreshDatabase::postgres().await;
    let proxy = Proxy::to(database.url());
    let folder = TempDir::new().expect("a folder");
    let variables = [
        ("DATABASE_URL", proxy.url()),
        ("MAX_CONCURRENT_REQUESTS", "1"),
        ("REQUEST_TIMEOUT_SECONDS", "60"),
    ];
    let mut service = Service::start(&variables, folder.path());
    let mut served = Client::of(&service);
    proxy.pause();
    served
        .send(format!("GET {COLLECTION} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())
        .expect("the request is taken");
    wait_until("the request reaches the database", || proxy.has_held());

    let mut rejected = Client::of(&service);
    let started = Instant::now();
    let response = rejected.get(COLLECTION).expect("a response");
    assert_eq!(response.status, 503);
    assert!(response.head.contains("\r\nretry-after: 1\r\n"), "{response:?}");
    assert!(!response.closes(), "{response:?}");
    assert_eq!(rejected.get("/livez").expect("a response").status, 200);
    let delay = started.elapsed();
    assert!(
        delay >= Duration::from_millis(990),
        "the next request was delayed by {delay:?} only"
    );

    // Other connections are not delayed. The health check fails because the database does not respond.
    for (path, status) in [
        ("/livez", 200),
        ("/readyz", 200),
        ("/healthcheck/", 503),
        ("/metrics", 200),
    ] {
        let response = Client::of(&service).get(path).expect("a response");
        assert_eq!(response.status, status, "{path}: {response:?}");
    }

    proxy.resume();
    assert_eq!(served.response().expect("a response").status, 200);
    let response = Client::of(&service).get(COLLECTION).expect("a response");
    assert_eq!(response.status, 200, "below the limit again");
    service.wait_for_log("MAX_CONCURRENT_REQUESTS");
}
