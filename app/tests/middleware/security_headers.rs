//! The header fields that restrict what browsers do with a response.

use domain::RepositoryError;
use poem::{
    http::{HeaderMap, Method},
    test::{TestRequestBuilder, TestResponse},
};

use super::problems::{broken, failing};
use crate::support::{InProcess, example, status_of};

/// The content security policy of everything but the documentation page.
const DATA: &str = "default-src 'none'; frame-ancestors 'none'";

fn has_security_headers(headers: &HeaderMap, policy: &str, what: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("content-security-policy", policy),
    ] {
        let values: Vec<_> = headers.get_all(name).iter().collect();
        assert_eq!(values, [value], "{name} of {what}");
    }

    for name in ["strict-transport-security", "access-control-allow-origin"] {
        assert!(!headers.contains_key(name), "{name} of {what}");
    }
}

async fn check<E: poem::Endpoint>(status: u16, request: TestRequestBuilder<'_, E>) {
    let response: TestResponse = request.send().await;

    assert_eq!(status_of(&response), status);
    has_security_headers(response.0.headers(), DATA, &status.to_string());
}

#[tokio::test]
async fn every_response_has_security_headers() {
    let service = InProcess::memory().await;
    let item = example::path_of(&service.create("hello").await);
    let collection = example::COLLECTION;
    let post = |text: &str| {
        let request = service.post(collection).content_type("application/json");
        request.body(example::body(text))
    };
    let preflight = service
        .request(Method::OPTIONS, collection)
        .header("origin", "https://example.com");

    for path in [collection, &item, "/metrics", "/openapi.json", "/livez"] {
        check(200, service.get(path)).await;
    }
    check(200, service.head(&item)).await;
    check(201, post("hello")).await;
    check(304, service.get(&item).header("if-none-match", "*")).await;
    check(307, service.get("/")).await;
    check(400, post(" ")).await;
    check(400, service.get("/livez").header("host", "foreign.example")).await;
    check(404, service.get("/nothing")).await;
    check(404, service.head("/nothing")).await;
    check(405, service.delete(collection)).await;
    check(405, preflight).await;
    check(413, post(&"x".repeat(20_000))).await;
    check(415, service.post(collection).body("x")).await;
}

#[tokio::test]
async fn every_response_to_a_failure_has_security_headers() {
    let (failing, broken) = (failing(RepositoryError::Conflict), broken());

    check(500, failing.get(example::COLLECTION)).await;
    check(500, broken.get(example::UNKNOWN_ITEM)).await;
    check(503, broken.get(example::COLLECTION)).await;
    check(503, failing.get("/healthcheck/")).await;
}

#[tokio::test]
async fn the_documentation_page_runs_its_own_scripts_and_styles_only() {
    let service = InProcess::memory().await;
    let response = service.get("/docs").send().await;
    let headers = response.0.headers();
    let policy = headers["content-security-policy"].to_str().expect("ASCII");
    has_security_headers(headers, policy, "the documentation page");

    let sources = |name: &str| -> Vec<&str> {
        let mut directives = policy.split("; ");
        let sources = directives.find_map(|directive| directive.strip_prefix(name));
        sources.unwrap_or_default().split(' ').skip(1).collect()
    };

    // One script is Swagger UI, the other starts it; the one style sheet is Swagger UI's.
    for (name, count) in [("script-src", 2), ("style-src", 1)] {
        let sources = sources(name);
        assert_eq!(sources.len(), count, "{policy}");
        assert!(
            sources.iter().all(|source| source.starts_with("'sha256-")),
            "{policy}"
        );
    }
    for (name, source) in [
        ("default-src", "'none'"),
        ("connect-src", "'self'"),
        ("img-src", "data:"),
        ("frame-ancestors", "'none'"),
    ] {
        assert_eq!(sources(name), [source], "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
}
