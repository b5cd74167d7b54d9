//! Each request has an id: the client's, if it is valid, or a new one.

use domain::TOKEN_PREFIX;
use poem::http::HeaderValue;

use crate::support::{InProcess, Service, header};

/// The request id of the response to a request with this one.
async fn id_for(service: &InProcess, id: &str) -> String {
    let value = HeaderValue::from_bytes(id.as_bytes()).expect("a header value");
    let response = service.get("/livez").header("X-Request-ID", value).send().await;

    header(&response, "x-request-id").expect("an id")
}

#[tokio::test]
async fn a_valid_id_is_adopted() {
    let service = InProcess::memory().await;
    let longest = "x".repeat(128);

    for valid in ["abc-123", "a", "A.b_c@d-e", &longest] {
        assert_eq!(id_for(&service, valid).await, valid);
    }
}

#[tokio::test]
async fn an_invalid_id_is_replaced() {
    let service = InProcess::memory().await;
    let too_long = "x".repeat(129);
    let invalid = [
        "",
        " ",
        "a b",
        "a\tb",
        "<script>",
        "a/b",
        "é",
        "\u{9b}31m",
        &too_long,
    ];

    for invalid in invalid {
        let id = id_for(&service, invalid).await;
        assert!(
            id.len() == 26 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "{invalid:?} became {id:?}"
        );
    }
}

#[tokio::test]
async fn requests_without_an_id_get_different_ones() {
    let service = InProcess::memory().await;
    let id = async || header(&service.get("/livez").send().await, "x-request-id");

    assert_ne!(id().await, id().await);
}

#[test]
fn the_same_id_is_in_header_body_and_log() {
    let mut service = Service::in_memory(&[]);
    let request =
        b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: abc-123\r\nConnection: close\r\n\r\n";

    let response = service.exchange(request);
    let line = service.wait_for_log("[abc-123]");

    assert!(response.contains("x-request-id: abc-123\r\n"), "{response}");
    assert!(response.contains("\"request_id\":\"abc-123\""), "{response}");
    assert!(
        line.contains("] [abc-123] access: method=GET route=- status=404 duration_ms="),
        "{line}"
    );
}

#[test]
fn token_in_place_of_a_request_id_is_neither_logged_nor_returned() {
    let mut service = Service::in_memory(&[]);
    let request = format!(
        "GET /nothing HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: {TOKEN_PREFIX}0123456789abcdef\r\nConnection: close\r\n\r\n"
    );

    let response = service.exchange(request.as_bytes());
    let line = service.wait_for_log("route=- status=404");

    assert!(!response.contains("0123456789abcdef"), "{response}");
    assert!(!line.contains("0123456789abcdef"), "{line}");
}
