//! What every answer tells a browser.

use domain::RepositoryError;
use poem::{
    http::{HeaderMap, Method},
    test::TestResponse,
};
use serde_json::json;

use super::problems::broken;
use crate::support::Site;

const DATA: &str = "default-src 'none'; frame-ancestors 'none'";

fn is_safe(headers: &HeaderMap, policy: &str, what: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("content-security-policy", policy),
    ] {
        let values: Vec<_> = headers.get_all(name).iter().collect();
        assert_eq!(values, [value], "{name} of {what}");
    }
    assert!(
        !headers.contains_key("strict-transport-security"),
        "{what} came without TLS"
    );
    assert!(
        !headers.contains_key("access-control-allow-origin") && !headers.contains_key("vary"),
        "{what}"
    );
}

#[tokio::test]
async fn every_answer_is_safe_whatever_it_is() {
    let site = Site::memory().await;
    let id = site.create("hello").await["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let tweet = format!("/tweet/{id}");
    let post = |text: &str| {
        site.client
            .post("/tweet/")
            .body_json(&json!({ "text": text }))
            .send()
    };
    let get = |path: &str| site.client.get(path).send();
    let failing = Site::failing(RepositoryError::Conflict);
    let broken = broken();
    let answers: Vec<(u16, TestResponse)> = vec![
        (200, get("/tweet/").await),
        (200, get(&tweet).await),
        (200, site.client.head(&tweet).send().await),
        (200, get("/metrics").await),
        (200, get("/openapi.json").await),
        (200, get("/livez").await),
        (201, post("hello").await),
        (
            304,
            site.client.get(&tweet).header("if-none-match", "*").send().await,
        ),
        (307, get("/").await),
        (400, post(" ").await),
        (
            400,
            site.client
                .get("/livez")
                .header("host", "evil.example")
                .send()
                .await,
        ),
        (404, get("/nothing").await),
        (404, site.client.head("/nothing").send().await),
        (405, site.client.delete("/tweet/").send().await),
        (
            405,
            site.client
                .request(Method::OPTIONS, "/tweet/")
                .header("origin", "https://example.com")
                .send()
                .await,
        ),
        (413, post(&"x".repeat(20_000)).await),
        (415, site.client.post("/tweet/").body("x").send().await),
        (500, failing.client.get("/tweet/").send().await),
        (500, broken.client.get(&tweet).send().await),
        (503, broken.client.get("/tweet/").send().await),
        (503, failing.client.get("/healthcheck/").send().await),
    ];
    for (status, answer) in answers {
        assert_eq!(answer.0.status().as_u16(), status);
        is_safe(answer.0.headers(), DATA, &status.to_string());
    }
}

#[tokio::test]
async fn the_documentation_runs_what_it_came_with_and_nothing_else() {
    let site = Site::memory().await;
    let answer = site.client.get("/docs").send().await;
    let headers = answer.0.headers().clone();
    let policy = headers["content-security-policy"].to_str().expect("ASCII");
    is_safe(&headers, policy, "the documentation");
    let sources = |name: &str| -> Vec<&str> {
        let directive = policy
            .split("; ")
            .find_map(|directive| directive.strip_prefix(name));
        directive
            .map(|sources| sources.split(' ').skip(1).collect())
            .unwrap_or_default()
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
