//! Every error of the document that a client can cause.

use std::collections::BTreeSet;

use reqwest::{
    Method, RequestBuilder, Response,
    header::{CONTENT_TYPE, HOST},
};
use serde_json::{Value, json};
use system_test::types::{NewTweet, Problem};

use crate::{
    docs::document,
    support::service::{Service, header},
};

/// What no request causes here: 500 and 503 are of the service's own making while its dependencies work, 408 takes a
/// client that sends nothing for as long as the service waits, 401 a list of writers (API_TOKENS_FILE) and 429 a rate
/// limit (RATE_LIMIT_PER_SECOND), which this service has not. The service's own tests cause them.
const NOT_CAUSED_HERE: [&str; 5] = ["401", "408", "429", "500", "503"];

/// A key that goes with one text.
const USED_KEY: &str = "of-a-system-test";

/// Operation, status, request.
type Case = (&'static str, u16, RequestBuilder);

fn cases(service: &Service) -> Vec<Case> {
    let untyped = |body: &str| service.request(Method::POST, "/tweet/").body(body.to_owned());
    let post = |body: &str| untyped(body).header(CONTENT_TYPE, "application/json");
    let text = |text: &str| post(&json!({ "text": text }).to_string());
    let get = |path: &str| service.request(Method::GET, path);
    let unknown = "/tweet/01KAN2FGVXM1SY9VXF7MJ4Z7QV";
    vec![
        ("createTweet", 400, text(" ")),
        ("createTweet", 400, text(&"x".repeat(141))),
        ("createTweet", 400, text("\0")),
        ("createTweet", 400, post("{}")),
        ("createTweet", 400, post("[]")),
        ("createTweet", 400, post("{\"text\": 1}")),
        ("createTweet", 400, post("{\"text\": \"cut of")),
        (
            "createTweet",
            400,
            text("hello").header("Idempotency-Key", "two words"),
        ),
        ("createTweet", 413, text(&"x".repeat(17 * 1024))),
        (
            "createTweet",
            415,
            untyped("{\"text\": \"plain\"}").header(CONTENT_TYPE, "text/plain"),
        ),
        ("createTweet", 415, untyped("{\"text\": \"untyped\"}")),
        (
            "createTweet",
            422,
            text("another text").header("Idempotency-Key", USED_KEY),
        ),
        ("listTweets", 400, get("/tweet/?limit=0")),
        ("listTweets", 400, get("/tweet/?limit=201")),
        ("listTweets", 400, get("/tweet/?limit=many")),
        ("listTweets", 400, get("/tweet/?before=yesterday")),
        ("getTweet", 400, get(unknown).header(HOST, "not/a/host")),
        ("getTweet", 404, get(unknown)),
        ("getTweet", 404, get("/tweet/not-an-id")),
    ]
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_in_one_shape() {
    let service = Service::reach();
    let body = NewTweet::builder().text("the text of a key");
    let stored = service
        .client
        .create_tweet()
        .idempotency_key(USED_KEY)
        .body(body)
        .send()
        .await;
    assert_eq!(
        stored.expect("an answer").status(),
        201,
        "at the first run and at every later one"
    );
    let mut seen = BTreeSet::new();
    for (operation, status, request) in cases(&service) {
        let sent = format!("{operation}: {request:?}");
        problem(request.send().await.expect("an answer"), status, &sent).await;
        seen.insert((operation.to_owned(), status.to_string()));
    }
    assert_eq!(
        seen,
        documented(),
        "the errors that were seen, and those that the document has"
    );
}

fn documented() -> BTreeSet<(String, String)> {
    let document = document();
    let paths = document["paths"].as_object().expect("paths").values();
    let operations = paths.flat_map(|path| path.as_object().expect("operations").values());
    let errors = operations.flat_map(|operation| {
        let id = operation["operationId"].as_str().expect("an id").to_owned();
        let statuses = operation["responses"].as_object().expect("responses").keys();
        statuses
            .filter(|status| status.starts_with(['4', '5']))
            .map(move |status| (id.clone(), status.clone()))
    });
    errors
        .filter(|(_, status)| !NOT_CAUSED_HERE.contains(&&**status))
        .collect()
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let service = Service::reach();
    for (method, path, allowed) in [
        (Method::DELETE, "/tweet/", "GET, HEAD, POST"),
        (Method::PUT, "/tweet/01KAN2FGVXM1SY9VXF7MJ4Z7QV", "GET, HEAD"),
        (Method::POST, "/healthcheck/", "GET, HEAD"),
        (Method::PATCH, "/livez", "GET, HEAD"),
        (Method::POST, "/metrics", "GET, HEAD"),
    ] {
        let answer = service
            .request(method.clone(), path)
            .send()
            .await
            .expect("an answer");
        assert_eq!(
            header(answer.headers(), "allow"),
            Some(allowed),
            "{method} {path}"
        );
        problem(answer, 405, path).await;
    }
}

#[tokio::test]
async fn nothing_is_at_other_paths() {
    let service = Service::reach();
    for path in ["/tweets", "/tweet/a/b", "/%00", "/%ff", "/openapi.toml"] {
        problem(service.get(path).await, 404, path).await;
    }
}

/// Asserts that an answer is a problem of this status and that header and body agree.
async fn problem(answer: Response, status: u16, sent: &str) {
    assert_eq!(answer.status(), status, "{sent}");
    assert_eq!(
        header(answer.headers(), "content-type"),
        Some("application/problem+json"),
        "{sent}"
    );
    let id = header(answer.headers(), "x-request-id")
        .expect("a request id")
        .to_owned();
    let body: Value = answer.json().await.expect("JSON");
    let problem: Problem = serde_json::from_value(body).expect("a problem as documented");
    assert_eq!(problem.status, status, "{sent}");
    assert_eq!(problem.request_id, id, "{sent}");
    assert_eq!(problem.type_, "about:blank", "{sent}");
    assert!(!problem.detail.is_empty(), "{sent}");
}
