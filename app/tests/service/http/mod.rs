//! The contract of the HTTP surface.

mod bad_bodies;
mod cors;
mod creating;
mod edges;
mod failing;
mod forwarded;
mod getting;
mod hostile;
mod hosts;
mod idempotency;
mod injection;
mod listing;
mod many_texts;
mod pages;
mod rate_limit;
mod security;
mod wire;
mod writers;

use poem::test::TestResponse;
use serde_json::Value;

/// Asserts that an answer is a problem of this status, in the one shape every problem has, and returns it.
async fn problem(answer: TestResponse, status: u16) -> Value {
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

fn header(answer: &TestResponse, name: &str) -> Option<String> {
    answer
        .0
        .headers()
        .get(name)
        .map(|value| value.to_str().expect("ASCII").to_owned())
}
