//! What probes ask.

use reqwest::Method;
use system_test::types::Status;

use crate::support::service::{Service, header};

#[tokio::test]
async fn every_dependency_is_well() {
    let service = Service::reach();
    let health = service
        .client
        .healthcheck()
        .send()
        .await
        .expect("200")
        .into_inner();
    assert_eq!(health.status, Status::Ok);
    assert_eq!(
        health.extra.get("db").map(|db| db.status),
        Some(Status::Ok),
        "{health:?}"
    );
}

#[tokio::test]
async fn the_process_lives() {
    let service = Service::reach();
    service.client.livez().send().await.expect("200");
    let answer = service.get("/livez").await;
    assert_eq!(
        header(answer.headers(), "content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(answer.text().await.expect("text"), "ok\n");
}

#[tokio::test]
async fn probes_need_no_slash_at_the_end_and_no_body() {
    let service = Service::reach();
    for path in ["/healthcheck", "/healthcheck/", "/livez", "/livez/"] {
        let answer = service
            .request(Method::HEAD, path)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 200, "HEAD {path}");
        assert!(
            answer.bytes().await.expect("a body").is_empty(),
            "HEAD {path} has a body"
        );
    }
}
