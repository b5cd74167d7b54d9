//! Every documented error that a client can cause.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::{Method, RequestBuilder, Response, header::HOST};
use serde_json::Value;
use system_test::types::Problem;

use crate::{
    docs::operations,
    support::{Service, example, header},
};

/// Documented statuses that no single request causes here. 500 and 503 need a failing dependency, 408 a client that
/// stops sending, 401 a service with `API_TOKENS_FILE` and 429 one with `RATE_LIMIT_PER_SECOND`. The service's own
/// tests cause them.
const NOT_CAUSED_HERE: [&str; 5] = ["401", "408", "429", "500", "503"];

/// A request and the error it must cause.
pub(crate) struct ErrorCase {
    /// The id of the operation.
    pub(crate) operation: &'static str,
    pub(crate) status: u16,
    pub(crate) request: RequestBuilder,
}

#[tokio::test]
async fn every_documented_client_error_occurs_and_is_a_problem() {
    let service = Service::reach();
    let mut cases = Vec::new();
    // Resources, one line each.
    cases.extend(crate::tweet::error_cases(&service).await);
    cases.extend(monitoring_error_cases(&service));

    let mut caused = BTreeSet::new();
    for case in cases {
        let message = format!("{}: {:?}", case.operation, case.request);
        let response = case.request.send().await.expect("a response");

        let problem = assert_problem(response, case.status, &message).await;
        assert_has_page(&service, &problem, &message).await;
        caused.insert((case.operation.to_owned(), case.status.to_string()));
    }

    assert_eq!(caused, documented_client_errors());
}

/// The one error of monitoring: a host that is none.
fn monitoring_error_cases(service: &Service) -> impl Iterator<Item = ErrorCase> {
    let operations = [
        ("healthcheck", "/healthcheck/"),
        ("livez", "/livez"),
        ("readyz", "/readyz"),
    ];

    operations.into_iter().map(|(operation, path)| ErrorCase {
        operation,
        status: 400,
        request: service.request(Method::GET, path).header(HOST, "not/a/host"),
    })
}

/// Operation and status of each documented error, without `NOT_CAUSED_HERE`.
fn documented_client_errors() -> BTreeSet<(String, String)> {
    let mut errors = BTreeSet::new();

    for operation in operations() {
        for status in operation.statuses {
            if status.starts_with(['4', '5']) && !NOT_CAUSED_HERE.contains(&&*status) {
                errors.insert((operation.id.clone(), status));
            }
        }
    }
    errors
}

#[tokio::test]
async fn wrong_method_is_a_405_that_lists_the_allowed_methods() {
    let service = Service::reach();

    let mut allowed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    allowed
        .entry("/metrics".to_owned())
        .or_default()
        .insert("GET".to_owned());
    for operation in operations() {
        let path = operation.path.replace("{id}", example::UNKNOWN_ID);
        allowed.entry(path).or_default().insert(operation.method);
    }

    for (path, mut methods) in allowed {
        if methods.contains("GET") {
            methods.insert("HEAD".to_owned());
        }
        let expected = methods.iter().map(String::as_str).collect::<Vec<_>>().join(", ");

        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            if methods.contains(method.as_str()) {
                continue;
            }
            let response = service.request(method.clone(), &path).send().await;
            let response = response.expect("a response");

            assert_eq!(
                header(response.headers(), "allow"),
                Some(&*expected),
                "{method} {path}"
            );
            assert_problem(response, 405, &path).await;
        }
    }
}

#[tokio::test]
async fn unknown_path_is_a_404() {
    let service = Service::reach();
    let below_an_item = format!("{}a/b", example::COLLECTION);

    for path in ["/unknown", &below_an_item, "/%00", "/%ff", "/openapi.toml"] {
        assert_problem(service.get(path).await, 404, path).await;
    }
}

/// Asserts that the response is a problem of this status, and that its body agrees with its headers.
async fn assert_problem(response: Response, status: u16, message: &str) -> Problem {
    assert_eq!(response.status(), status, "{message}");
    assert_eq!(
        header(response.headers(), "content-type"),
        Some("application/problem+json"),
        "{message}"
    );
    let id = header(response.headers(), "x-request-id").map(str::to_owned);

    let body: Value = response.json().await.expect("JSON");
    let problem: Problem = serde_json::from_value(body).expect("a problem as documented");

    assert_eq!(problem.status, i32::from(status), "{message}");
    assert_eq!(Some(&problem.request_id), id.as_ref(), "{message}");
    assert!(!problem.detail.is_empty(), "{message}");
    problem
}

/// Asserts that a page explains the type of a problem. Clients compare the last segment of the type.
async fn assert_has_page(service: &Service, problem: &Problem, message: &str) {
    let (_, slug) = problem
        .type_
        .rsplit_once("/problems/")
        .expect("the URL of a page");
    let page = service.get(&format!("/problems/{slug}")).await;

    assert_eq!(page.status(), 200, "{message}");
    let html = page.text().await.expect("a page");
    assert!(html.contains(&problem.title), "{message}: {html}");
}
