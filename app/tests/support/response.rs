//! What a response holds.

use poem::test::TestResponse;
use serde_json::Value;

/// Asserts that an answer is a problem of this status, in the one shape every problem has, and returns it.
pub(crate) async fn problem(answer: TestResponse, status: u16) -> Value {
    assert_eq!(answer.0.status().as_u16(), status);
    answer.assert_content_type("application/problem+json");
    let id = header(&answer, "x-request-id").expect("a request id");
    let body: Value = answer.json().await.value().deserialize();
    let members: Vec<_> = body
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        members,
        ["detail", "errors", "request_id", "status", "title", "type"]
    );
    assert_eq!(body["status"], status);
    assert_eq!(body["request_id"], id, "the same id in header and body");
    assert_eq!(body["type"], "about:blank");
    body
}

pub(crate) fn header(answer: &TestResponse, name: &str) -> Option<String> {
    answer
        .0
        .headers()
        .get(name)
        .map(|value| value.to_str().expect("ASCII").to_owned())
}
