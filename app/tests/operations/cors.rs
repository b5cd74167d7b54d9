//! Scripts of an allowed origin may send every documented request, and read every documented header field.

use std::collections::BTreeSet;

use poem::http::Method;

use super::operation::Operation;
use crate::support::{InProcess, header, status_of};

const ORIGIN: &str = "https://app.example.com";

/// Response header fields that scripts may always read (Fetch, 3.2.3).
const SAFELISTED: [&str; 6] = [
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
];

fn names(list: Option<String>) -> BTreeSet<String> {
    let list = list.unwrap_or_default().to_lowercase();
    list.split(',').map(|name| name.trim().to_owned()).collect()
}

#[tokio::test]
async fn every_preflight_allows_the_documented_method_and_headers() {
    let service = InProcess::with(&[("CORS_ALLOWED_ORIGINS", ORIGIN)]).await;

    for operation in Operation::all() {
        let parameters = operation.parameters("header").into_iter();
        let mut headers: BTreeSet<_> = parameters
            .map(|parameter| parameter["name"].as_str().expect("a name").to_lowercase())
            .collect();
        if operation.body().is_some() {
            headers.insert("content-type".to_owned());
        }
        if operation.lists_security() {
            headers.insert("authorization".to_owned());
        }
        let requested = headers.iter().cloned().collect::<Vec<_>>().join(",");

        let preflight = service
            .request(Method::OPTIONS, operation.path())
            .header("origin", ORIGIN)
            .header("access-control-request-method", operation.method.as_str())
            .header("access-control-request-headers", requested);
        let response = preflight.send().await;

        assert_eq!(status_of(&response), 204, "{operation}");
        let methods = names(header(&response, "access-control-allow-methods"));
        let method = operation.method.as_str().to_lowercase();
        assert!(
            methods.contains(&method),
            "{operation}: {method} is not in {methods:?}"
        );
        let allowed = names(header(&response, "access-control-allow-headers"));
        let missing: Vec<_> = headers.difference(&allowed).collect();
        assert!(
            missing.is_empty(),
            "{operation}: {missing:?} are not in {allowed:?}"
        );
    }
}

#[tokio::test]
async fn scripts_may_read_exactly_the_documented_headers() {
    let service = InProcess::with(&[("CORS_ALLOWED_ORIGINS", ORIGIN)]).await;
    let all = Operation::all();
    let responses = all.iter().flat_map(|operation| operation.responses());
    let headers = responses.filter_map(|(_, response)| response["headers"].as_object());
    let documented: BTreeSet<_> = headers
        .flat_map(|headers| headers.keys())
        .map(|name| name.to_lowercase())
        .filter(|name| !SAFELISTED.contains(&&**name))
        .collect();

    for operation in &all {
        let request = operation.request(&service, &operation.path());
        let response = request.header("origin", ORIGIN).send().await;
        let exposed = names(header(&response, "access-control-expose-headers"));

        assert_eq!(exposed, documented, "{operation}");
    }
}
