//! The health report and the probes.

use reqwest::Method;
use system_test::types::Status;

use crate::support::{Service, header};

#[tokio::test]
async fn healthcheck_reports_every_dependency_as_ok() {
    let service = Service::reach();

    let health = service.client.healthcheck().send().await.expect("200");

    assert_eq!(health.status, Status::Ok);
    let database = health.db.as_ref().map(|db| db.status);
    assert_eq!(database, Some(Status::Ok), "{health:?}");
}

#[tokio::test]
async fn livez_is_the_text_ok() {
    let service = Service::reach();
    service.client.livez().send().await.expect("200");

    let response = service.get("/livez").await;

    assert_eq!(
        header(response.headers(), "content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(response.text().await.expect("text"), "ok\n");
}

#[tokio::test]
async fn readyz_is_ok() {
    let service = Service::reach();

    let ready = service.client.readyz().send().await.expect("200");

    assert_eq!(ready.status, Status::Ok);
}

#[tokio::test]
async fn probes_work_with_head_and_without_a_trailing_slash() {
    let service = Service::reach();

    for path in ["/healthcheck", "/healthcheck/", "/livez", "/livez/", "/readyz"] {
        let response = service.request(Method::HEAD, path).send().await;
        let response = response.expect("a response");

        assert_eq!(response.status(), 200, "HEAD {path}");
        let body = response.bytes().await.expect("a body");
        assert!(body.is_empty(), "HEAD {path} has a body");
    }
}
