//! What a response of the service in the test's process holds.

use std::{collections::BTreeSet, io::Read};

use flate2::read::GzDecoder;
use openapi::http::problem_type::ProblemType;
use poem::test::TestResponse;
use serde_json::Value;

/// Asserts that a response is a problem (RFC 9457) with this status and the members that each problem has, of a type in
/// the table. Returns it.
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
    let kind = problem_type(&body);
    assert_eq!(body["status"], kind.status.as_u16(), "{body}");
    assert_eq!(body["title"], kind.title, "{body}");
    body
}

/// The type of a problem, by the last segment of its URI, whatever base is before it.
pub(crate) fn problem_type(problem: &Value) -> &'static ProblemType {
    let uri = problem["type"].as_str().expect("a type");
    let slug = uri.rsplit('/').next().expect("a last segment");

    let kind = ProblemType::find(slug).unwrap_or_else(|| panic!("{uri} is not in the table of types"));
    assert!(uri.ends_with(&kind.path()), "{uri}");
    kind
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

/// The target of the link with this relation type in the header field `Link` (RFC 8288), as the service writes it.
pub(crate) fn link(response: &TestResponse, relation: &str) -> Option<String> {
    let links = header(response, "link")?;
    let end = format!(">; rel=\"{relation}\"");

    let target = links.split(", ").find_map(|link| link.strip_suffix(&end))?;
    Some(target.strip_prefix('<').expect("a link in brackets").to_owned())
}

pub(crate) async fn json(response: TestResponse) -> Value {
    response.json().await.value().deserialize()
}

/// The body as it was sent.
pub(crate) async fn bytes(response: TestResponse) -> Vec<u8> {
    response.0.into_body().into_vec().await.expect("a body")
}

/// The text that was compressed.
pub(crate) fn gunzip(bytes: &[u8]) -> String {
    let mut text = String::new();
    let read = GzDecoder::new(bytes).read_to_string(&mut text);
    read.expect("a text in gzip");
    text
}

pub(crate) async fn text(response: TestResponse) -> String {
    response.0.into_body().into_string().await.expect("text")
}
