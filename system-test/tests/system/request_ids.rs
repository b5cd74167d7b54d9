//! Every response carries the id of its request.

use std::collections::HashSet;

use reqwest::{Method, Response};
use system_test::types::Problem;

use crate::support::{Service, header};

fn request_id(response: &Response) -> Option<&str> {
    header(response.headers(), "x-request-id")
}

#[tokio::test]
async fn request_id_of_the_client_is_returned() {
    let service = Service::reach();

    let request = service.client.livez().x_request_id("abc-123");
    let response = request.send().await.expect("200");

    assert_eq!(header(response.headers(), "x-request-id"), Some("abc-123"));
}

#[tokio::test]
async fn error_has_the_request_id_in_header_and_body() {
    let service = Service::reach();

    let request = service
        .request(Method::GET, "/unknown")
        .header("X-Request-ID", "abc-123");
    let response = request.send().await.expect("a response");

    assert_eq!(response.status(), 404);
    assert_eq!(request_id(&response), Some("abc-123"));
    let problem: Problem = response.json().await.expect("a problem");
    assert_eq!(problem.request_id, "abc-123");
}

#[tokio::test]
async fn requests_without_an_id_get_different_ids() {
    let service = Service::reach();

    let mut ids = HashSet::new();
    for _ in 0..10 {
        let response = service.get("/livez").await;
        ids.insert(request_id(&response).expect("a request id").to_owned());
    }

    assert_eq!(ids.len(), 10, "{ids:?}");
}

#[tokio::test]
async fn invalid_request_id_is_replaced() {
    let service = Service::reach();

    for invalid in ["", "no spaces", "semi;colon", &"x".repeat(129)] {
        let request = service
            .request(Method::GET, "/livez")
            .header("X-Request-ID", invalid);
        let response = request.send().await.expect("a response");

        assert_eq!(response.status(), 200, "{invalid:?}");
        let id = request_id(&response).expect("a request id");
        assert!(!id.is_empty() && id != invalid, "{invalid:?} was returned");
    }
}
