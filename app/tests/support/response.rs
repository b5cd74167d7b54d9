//! What a response of the service in the test's process holds.

use std::collections::BTreeSet;

use poem::test::TestResponse;
use serde_json::Value;

/// Asserts that a response is a problem (RFC 9457) with this status and the members that each problem has. Returns it.
pub(crate) async fn problem(response: TestResponse, status: u16) -> Value {
    assert_eq!(status_of(&response), status);
    response.assert_content_type("application/problem+json");
    let id = header(&response, "x-request-id").expect("a request id");

    let body = json(response).await;
    let members: BTreeSet<_> = body
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();

    assert_eq!(
        members,
        ["detail", "errors", "request_id", "status", "title", "type"].into()
    );
    assert_eq!(body["status"], status);
    assert_eq!(body["request_id"], id, "header and body have one request id");
    assert_eq!(body["type"], "about:blank");
    body
}

pub(crate) fn status_of(response: &TestResponse) -> u16 {
    response.0.status().as_u16()
}

pub(crate) fn header(response: &TestResponse, name: &str) -> Option<String> {
    response
        .0
        .headers()
        .get(name)
        .map(|value| value.to_str().expect("ASCII").to_owned())
}

pub(crate) async fn json(response: TestResponse) -> Value {
    response.json().await.value().deserialize()
}

pub(crate) async fn text(response: TestResponse) -> String {
    response.0.into_body().into_string().await.expect("text")
}
