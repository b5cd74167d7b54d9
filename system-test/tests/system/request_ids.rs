//! Every answer names its request.

use std::collections::HashSet;

use crate::support::service::{Service, header};

#[tokio::test]
async fn an_id_that_is_sent_comes_back() {
    let service = Service::reach();
    let answer = service
        .client
        .livez()
        .x_request_id("abc-123")
        .send()
        .await
        .expect("200");
    assert_eq!(header(answer.headers(), "x-request-id"), Some("abc-123"));
}

#[tokio::test]
async fn an_error_tells_the_id_in_header_and_body() {
    let service = Service::reach();
    let unknown = service
        .client
        .get_tweet()
        .id("01KAN2FGVXM1SY9VXF7MJ4Z7QV")
        .x_request_id("abc-123");
    let Err(system_test::Error::ErrorResponse(answer)) = unknown.send().await else {
        panic!("there is no such tweet");
    };
    assert_eq!(answer.status(), 404);
    assert_eq!(header(answer.headers(), "x-request-id"), Some("abc-123"));
    assert_eq!(answer.into_inner().request_id, "abc-123");
}

#[tokio::test]
async fn each_request_without_an_id_is_given_one() {
    let service = Service::reach();
    let mut ids = HashSet::new();
    for _ in 0..10 {
        let answer = service.client.livez().send().await.expect("200");
        ids.insert(
            header(answer.headers(), "x-request-id")
                .expect("an id")
                .to_owned(),
        );
    }
    assert_eq!(ids.len(), 10, "{ids:?}");
}

#[tokio::test]
async fn an_id_that_is_not_allowed_is_replaced() {
    let service = Service::reach();
    for id in ["", "no spaces", "semi;colon", &"x".repeat(129)] {
        let request = service
            .request(reqwest::Method::GET, "/livez")
            .header("X-Request-ID", id);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{id:?}");
        let given = header(answer.headers(), "x-request-id").expect("an id");
        assert!(given != id && !given.is_empty(), "{id:?} came back");
    }
}
