//! Bodies that are rejected, and how the problem explains it.

use poem::test::TestResponse;
use serde_json::{Value, json};

use crate::support::{InProcess, json as json_of, problem, status_of};

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
async fn a_text_of_another_type_is_reported() {
    for (value, kind) in [
        ("null", "null"),
        ("1", "a number"),
        ("-1e9", "a number"),
        ("true", "a boolean"),
        ("[\"x\"]", "an array"),
        ("{\"text\":\"x\"}", "an object"),
    ] {
        let body = format!("{{\"text\": {value}}}");
        let reason = format!("must be a string, not {kind}");
        is_rejected(body, "/text", &reason).await;
    }
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

#[tokio::test]
async fn half_a_surrogate_pair_is_rejected() {
    for half in [
        r"\ud83e",
        r"\udd80",
        r"\ud83e\ud83e",
        r"\ud83e x",
        r"\udd80\ud83e",
    ] {
        let body = format!("{{\"text\":\"{half}\"}}");
        is_rejected(body, "/text", "half a surrogate pair").await;
    }
}

#[tokio::test]
async fn duplicate_members_are_rejected() {
    is_rejected(r#"{"text":"a","text":"b"}"#, "/text", "more than once").await;
    is_rejected(r#"{"text":"a","\u0074ext":"b"}"#, "/text", "more than once").await;
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
    is_rejected("{\"text\":\n\"x\"", "", "is not JSON: see line 2").await;

    for body in [
        "{",
        "{text:\"x\"}",
        "{\"text\":\"x\",}",
        "{\"text\":\"x\"} x",
        "{\"text\":\"a\nb\"}",
        "{\"text\":\"\\x\"}",
        "text=x",
    ] {
        is_rejected(body, "", "is not JSON").await;
    }
}

#[tokio::test]
async fn invalid_utf8_is_reported_with_its_position() {
    let position = "is not UTF-8 from byte 10 on";
    is_rejected(b"{\"text\":\"a\xff\"}", "", position).await;

    is_rejected(b"{\"text\":\"\xed\xa0\x80\"}", "", "is not UTF-8").await;
    is_rejected(b"\xff\xfe{\0}\0", "", "is not UTF-8").await;
    is_rejected("\u{feff}\u{feff}{\"text\":\"x\"}", "", "is not JSON").await;
}

#[tokio::test]
async fn deep_nesting_is_rejected() {
    let deep = |open: &str, close: &str| open.repeat(2000) + "1" + &close.repeat(2000);
    let (arrays, objects) = (deep("[", "]"), deep("{\"a\":", "}"));
    let unknown_member = |value: &str| format!("{{\"text\":\"x\",\"a\":{value}}}");

    is_rejected(format!("{{\"text\":{arrays}}}"), "/text", "not an array").await;
    is_rejected(unknown_member(&arrays), "", "nested too deeply").await;
    is_rejected(unknown_member(&objects), "", "nested too deeply").await;
    is_rejected(arrays, "", "must be a JSON object").await;
}

#[tokio::test]
async fn nothing_of_the_body_is_repeated() {
    let marked = "<script>alert(1)</script>";

    for body in [
        format!("{{\"{marked}\":1}}"),
        format!("{{\"text\":{{\"{marked}\":1}}}}"),
        marked.to_owned(),
    ] {
        let violations = violations(body).await;
        assert!(!violations.to_string().contains("script"), "{violations}");
    }
}

#[tokio::test]
async fn any_media_type_but_json_is_415() {
    let service = InProcess::memory().await;
    let body = r#"{"text":"x"}"#;

    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "nonsense",
        "multipart/form-data; boundary=x",
    ] {
        let body = problem(post(&service, media_type, body).await, 415).await;
        let detail = "the Content-Type must be application/json";
        assert_eq!(body["detail"], detail, "{media_type}");
    }

    let without_a_type = service.post("/tweet/").body(body).send().await;
    problem(without_a_type, 415).await;
    nothing_is_stored(&service).await;
}

#[tokio::test]
async fn a_body_of_16_kib_is_accepted_and_a_larger_one_is_413() {
    let service = InProcess::memory().await;
    let body = |bytes: usize| format!("{{\"text\":\"x\",\"padding\":\"{}\"}}", "p".repeat(bytes - 25));
    let largest = body(16 * 1024);
    assert_eq!(largest.len(), 16 * 1024);

    let accepted = post(&service, "application/json", largest).await;
    assert_eq!(status_of(&accepted), 201);
    let rejected = post(&service, "application/json", body(16 * 1024 + 1)).await;
    problem(rejected, 413).await;
}
