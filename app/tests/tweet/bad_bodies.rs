//! Bodies that are rejected, and how the problem explains it.

use poem::test::TestResponse;
use serde_json::{Value, json};

use crate::support::{InProcess, json as json_of, problem};

async fn post(service: &InProcess, media_type: &str, body: impl Into<Vec<u8>>) -> TestResponse {
    let request = service.post("/tweet/").content_type(media_type);
    request.body(body.into()).send().await
}

async fn nothing_is_stored(service: &InProcess) {
    let page = service.get("/tweet/").send().await;
    assert_eq!(json_of(page).await, json!([]));
}

/// Posts a body that is rejected, and returns the violations.
async fn violations(body: impl Into<Vec<u8>>) -> Value {
    let service = InProcess::memory().await;
    let response = post(&service, "application/json", body).await;
    let body = problem(response, 400).await;

    nothing_is_stored(&service).await;
    body["errors"].clone()
}

/// Asserts that a body has one violation, with this pointer and with this in its reason.
async fn is_rejected(body: impl Into<Vec<u8>>, pointer: &str, reason: &str) {
    let body = body.into();
    let start = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();

    let violations = violations(body).await;
    let [violation] = &violations.as_array().expect("an array")[..] else {
        panic!("{start}: not one violation: {violations}");
    };
    let detail = violation["detail"].as_str().expect("a reason");

    assert_eq!(violation["pointer"], pointer, "{start}");
    assert!(detail.contains(reason), "{start}: no {reason:?} in {detail:?}");
}

#[tokio::test]
async fn a_missing_text_is_reported() {
    is_rejected("{}", "/text", "is missing").await;
    is_rejected(r#"{"Text":"x"}"#, "/text", "is missing").await;
}

#[tokio::test]
async fn an_invalid_text_is_reported_with_its_rule() {
    let text = |text: &str| format!("{{\"text\":\"{text}\"}}");
    let too_long = "at most 140 characters long, not 141";

    is_rejected(text(""), "/text", "other than white space").await;
    is_rejected(text(" \\n\\t\\u3000 "), "/text", "other than white space").await;
    is_rejected(text(&"x".repeat(141)), "/text", too_long).await;
    is_rejected(text(&"🦀".repeat(141)), "/text", too_long).await;
    is_rejected(text("a\\u0000b"), "/text", "U+0000").await;
}
