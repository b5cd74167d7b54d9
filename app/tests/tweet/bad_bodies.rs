use serde_json::{Value, json};

use crate::support::Site;
use crate::support::problem;

/// Posts a body that must be refused, checks that nothing was stored, and returns the violations.
async fn refused(body: impl Into<Vec<u8>>) -> Value {
    let site = Site::memory().await;
    let answer = site
        .client
        .post("/tweet/")
        .content_type("application/json")
        .body(body.into())
        .send()
        .await;
    let body = problem(answer, 400).await;
    site.client
        .get("/tweet/")
        .send()
        .await
        .assert_json(json!([]))
        .await;
    body["errors"].clone()
}

/// One violation, with this pointer and a reason that contains this.
async fn violation(body: impl Into<Vec<u8>>, pointer: &str, reason: &str) {
    let body = body.into();
    let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
    let errors = refused(body).await;
    assert_eq!(errors.as_array().map(Vec::len), Some(1), "{shown}: {errors}");
    assert_eq!(errors[0]["pointer"], pointer, "{shown}");
    let detail = errors[0]["detail"].as_str().expect("a reason");
    assert!(
        detail.contains(reason),
        "{shown}: {detail:?} should contain {reason:?}"
    );
}

#[tokio::test]
async fn a_missing_or_mistyped_text_is_named() {
    violation("{}", "/text", "is missing").await;
    violation(r#"{"Text":"x"}"#, "/text", "is missing").await;
    for (value, kind) in [
        ("null", "null"),
        ("1", "a number"),
        ("-1e9", "a number"),
        ("true", "a boolean"),
        ("[\"x\"]", "an array"),
        ("{\"text\":\"x\"}", "an object"),
    ] {
        violation(
            format!("{{\"text\": {value}}}"),
            "/text",
            &format!("must be a string, not {kind}"),
        )
        .await;
    }
}

#[tokio::test]
async fn an_invalid_text_is_explained() {
    violation(r#"{"text":""}"#, "/text", "other than white space").await;
    violation(r#"{"text":" \n\t\u3000 "}"#, "/text", "other than white space").await;
    violation(
        format!("{{\"text\":\"{}\"}}", "x".repeat(141)),
        "/text",
        "at most 140 characters long, not 141",
    )
    .await;
    violation(
        format!("{{\"text\":\"{}\"}}", "🦀".repeat(141)),
        "/text",
        "at most 140 characters long, not 141",
    )
    .await;
    violation(r#"{"text":"a\u0000b"}"#, "/text", "U+0000").await;
}

#[tokio::test]
async fn half_a_surrogate_pair_is_no_character() {
    for half in [
        r"\ud83e",
        r"\udd80",
        r"\ud83e\ud83e",
        r"\ud83e x",
        r"\udd80\ud83e",
    ] {
        violation(
            format!("{{\"text\":\"{half}\"}}"),
            "/text",
            "half a surrogate pair",
        )
        .await;
    }
}

#[tokio::test]
async fn duplicate_members_are_refused() {
    violation(r#"{"text":"a","text":"b"}"#, "/text", "more than once").await;
    violation(r#"{"text":"a","\u0074ext":"b"}"#, "/text", "more than once").await;
    violation(r#"{"a":1,"text":"x","a":2}"#, "", "more than once").await;
}

#[tokio::test]
async fn what_is_not_an_object_is_refused() {
    for body in ["[]", "\"text\"", "1", "null", "true", "[{\"text\":\"x\"}]"] {
        violation(body, "", "must be a JSON object").await;
    }
    violation("", "", "is empty").await;
    violation(" \r\n", "", "is empty").await;
}

#[tokio::test]
async fn what_is_not_json_is_told_where() {
    violation("{\"text\":\n\"x\"", "", "is not JSON: see line 2").await;
    for body in [
        "{",
        "{text:\"x\"}",
        "{\"text\":\"x\",}",
        "{\"text\":\"x\"} x",
        "{\"text\":\"a\nb\"}",
        "{\"text\":\"\\x\"}",
        "text=x",
    ] {
        violation(body, "", "is not JSON").await;
    }
}

#[tokio::test]
async fn invalid_utf8_is_told_where() {
    violation(
        b"{\"text\":\"a\xff\"}".to_vec(),
        "",
        "is not UTF-8 from byte 10 on",
    )
    .await;
    violation(b"{\"text\":\"\xed\xa0\x80\"}".to_vec(), "", "is not UTF-8").await;
    violation(b"\xff\xfe{\0}\0".to_vec(), "", "is not UTF-8").await;
    violation(b"\xef\xbb\xbf{\"text\":\"x\"}".to_vec(), "", "is not JSON").await;
}

#[tokio::test]
async fn deep_nesting_is_refused_wherever_it_is() {
    let deep = |open: &str, close: &str| open.repeat(2000) + "1" + &close.repeat(2000);
    violation(
        format!("{{\"text\":{}}}", deep("[", "]")),
        "/text",
        "not an array",
    )
    .await;
    violation(
        format!("{{\"text\":\"x\",\"a\":{}}}", deep("[", "]")),
        "",
        "nested too deeply",
    )
    .await;
    violation(
        format!("{{\"text\":\"x\",\"a\":{}}}", deep("{\"a\":", "}")),
        "",
        "nested too deeply",
    )
    .await;
    violation(deep("[", "]"), "", "must be a JSON object").await;
}

#[tokio::test]
async fn nothing_of_the_body_is_echoed() {
    let marked = "<script>alert(1)</script>";
    for body in [
        format!("{{\"{marked}\":1}}"),
        format!("{{\"text\":{{\"{marked}\":1}}}}"),
        marked.to_owned(),
    ] {
        let errors = refused(body).await;
        assert!(!errors.to_string().contains("script"), "{errors}");
    }
}

#[tokio::test]
async fn another_media_type_is_415() {
    let site = Site::memory().await;
    for name in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "nonsense",
        "multipart/form-data; boundary=x",
    ] {
        let answer = site
            .client
            .post("/tweet/")
            .content_type(name)
            .body(r#"{"text":"x"}"#)
            .send()
            .await;
        let body = problem(answer, 415).await;
        assert_eq!(
            body["detail"], "the Content-Type must be application/json",
            "{name}"
        );
    }
    problem(
        site.client.post("/tweet/").body(r#"{"text":"x"}"#).send().await,
        415,
    )
    .await;
    site.client
        .get("/tweet/")
        .send()
        .await
        .assert_json(json!([]))
        .await;
}

#[tokio::test]
async fn a_body_of_16_kib_is_read_and_a_larger_one_is_413() {
    let site = Site::memory().await;
    let body = |bytes: usize| format!("{{\"text\":\"x\",\"padding\":\"{}\"}}", "p".repeat(bytes - 25));
    let post = |body: String| {
        site.client
            .post("/tweet/")
            .content_type("application/json")
            .body(body)
            .send()
    };
    assert_eq!(body(16 * 1024).len(), 16 * 1024);
    assert_eq!(post(body(16 * 1024)).await.0.status(), 201);
    problem(post(body(16 * 1024 + 1)).await, 413).await;
}
