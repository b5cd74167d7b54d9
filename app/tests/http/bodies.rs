//! Bodies that are not valid JSON, or not of the right media type, and how the problem explains it.

use poem::test::TestResponse;
use serde_json::{Value, json};

use crate::support::{
    InProcess,
    example::{self, COLLECTION, TEXT},
    json as json_of, problem, status_of,
};

async fn post(service: &InProcess, media_type: &str, body: impl Into<Vec<u8>>) -> TestResponse {
    let request = service.post(COLLECTION).content_type(media_type);
    request.body(body.into()).send().await
}

async fn nothing_is_stored(service: &InProcess) {
    let page = service.get(COLLECTION).send().await;
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

/// A body that is valid except for the example's text, which is this JSON.
fn text(value: &str) -> String {
    example::body("hello").replace("\"hello\"", value)
}

/// A valid body with another member before its own.
fn with_member(name: &str, value: &str) -> String {
    let body = example::body("hello");
    let (_, members) = body.split_once('{').expect("an object");

    format!("{{\"{name}\":{value},{members}")
}

fn pointer() -> String {
    format!("/{TEXT}")
}

#[tokio::test]
async fn byte_order_mark_is_not_part_of_a_body() {
    let service = InProcess::memory().await;
    let body = format!("\u{feff}{}\r\n", example::body("hello"));

    let response = post(&service, "application/json", body).await;

    assert_eq!(status_of(&response), 201);
    assert_eq!(example::text_of(&json_of(response).await), "hello");
}

#[tokio::test]
async fn unknown_members_are_ignored() {
    let service = InProcess::memory().await;

    for (name, value) in [
        ("", "0"),
        ("extra", r#"{"a":[1,2,{"b":null}]}"#),
        ("id", "\"mine\""),
    ] {
        let response = post(&service, "application/json", with_member(name, value)).await;
        assert_eq!(status_of(&response), 201, "{name}");
        assert_ne!(json_of(response).await["id"], "mine");
    }
}

#[tokio::test]
async fn text_of_another_type_is_reported() {
    for (value, kind) in [
        ("null", "null"),
        ("1", "a number"),
        ("-1e9", "a number"),
        ("true", "a boolean"),
        ("[\"x\"]", "an array"),
        ("{\"x\":\"x\"}", "an object"),
    ] {
        let reason = format!("must be a string, not {kind}");
        is_rejected(text(value), &pointer(), &reason).await;
    }
}

#[tokio::test]
async fn half_a_surrogate_pair_is_rejected() {
    for half in [
        r"\ud83e",
        r"\udd80",
        r"\ud83e\ud83e",
        r"\ud83e x",
        r"\udd80\ud83e",
    ] {
        is_rejected(text(&format!("\"{half}\"")), &pointer(), "half a surrogate pair").await;
    }
}

#[tokio::test]
async fn duplicate_members_are_rejected() {
    let escaped = format!("\\u{:04x}{}", TEXT.as_bytes()[0], &TEXT[1..]);

    for again in [TEXT, &escaped] {
        let body = with_member(again, "\"hello\"");
        is_rejected(body, &pointer(), "more than once").await;
    }
}

#[tokio::test]
async fn any_json_but_an_object_is_rejected() {
    for body in ["[]", "\"text\"", "1", "null", "true", "[{\"text\":\"x\"}]"] {
        is_rejected(body, "", "must be a JSON object").await;
    }
}

#[tokio::test]
async fn an_empty_body_is_rejected() {
    is_rejected("", "", "is empty").await;
    is_rejected(" \r\n", "", "is empty").await;
}

#[tokio::test]
async fn a_syntax_error_is_reported_with_its_line() {
    is_rejected("{\"a\":\n\"x\"", "", "is not JSON: see line 2").await;

    for body in [
        "{",
        "{a:\"x\"}",
        "{\"a\":\"x\",}",
        "{\"a\":\"x\"} x",
        "{\"a\":\"a\nb\"}",
        "{\"a\":\"\\x\"}",
        "a=x",
    ] {
        is_rejected(body, "", "is not JSON").await;
    }
}

#[tokio::test]
async fn invalid_utf8_is_reported_with_its_position() {
    is_rejected(b"{\"a\":\"a\xff\"}", "", "is not UTF-8 from byte 7 on").await;

    is_rejected(b"{\"a\":\"\xed\xa0\x80\"}", "", "is not UTF-8").await;
    is_rejected(b"\xff\xfe{\0}\0", "", "is not UTF-8").await;
    is_rejected(
        format!("\u{feff}\u{feff}{}", example::body("hello")),
        "",
        "is not JSON",
    )
    .await;
}

#[tokio::test]
async fn deep_nesting_is_rejected() {
    let deep = |open: &str, close: &str| open.repeat(2000) + "1" + &close.repeat(2000);
    let (arrays, objects) = (deep("[", "]"), deep("{\"a\":", "}"));

    is_rejected(text(&arrays), &pointer(), "not an array").await;
    is_rejected(with_member("a", &arrays), "", "nested too deeply").await;
    is_rejected(with_member("a", &objects), "", "nested too deeply").await;
    is_rejected(arrays, "", "must be a JSON object").await;
}

#[tokio::test]
async fn nothing_of_the_body_is_repeated() {
    let marked = "<script>alert(1)</script>";

    for body in [
        format!("{{\"{marked}\":1}}"),
        text(&format!("{{\"{marked}\":1}}")),
        marked.to_owned(),
    ] {
        let violations = violations(body).await;
        assert!(!violations.to_string().contains("script"), "{violations}");
    }
}

#[tokio::test]
async fn a_body_of_16_kib_is_accepted_and_a_larger_one_is_413() {
    let service = InProcess::memory().await;
    let unpadded = with_member("padding", "\"\"").len();
    let body = |bytes: usize| with_member("padding", &format!("\"{}\"", "p".repeat(bytes - unpadded)));
    let largest = body(16 * 1024);
    assert_eq!(largest.len(), 16 * 1024);

    let accepted = post(&service, "application/json", largest).await;
    assert_eq!(status_of(&accepted), 201);
    let rejected = post(&service, "application/json", body(16 * 1024 + 1)).await;
    problem(rejected, 413).await;
}
