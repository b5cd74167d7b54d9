//! Requests about tweets that are errors.

use reqwest::{
    Method, RequestBuilder,
    header::{CONTENT_TYPE, HOST, IF_MATCH},
};
use serde_json::json;
use system_test::types::TweetInput;

use crate::{
    errors::ErrorCase,
    support::{Service, example::UNKNOWN_ID},
};

/// An idempotency key that was used for one text and so cannot be used for another.
const USED_KEY: &str = "of-a-system-test";

/// A request for each error of each operation.
pub(crate) async fn error_cases(service: &Service) -> Vec<ErrorCase> {
    let id = use_key(service).await;

    let mut cases = create_cases(service);
    cases.extend(list_cases(service));
    cases.extend(get_cases(service, &id));
    cases
}

/// Uses `USED_KEY`, and returns the id of its tweet. The status is 201 the first time and at each later run.
async fn use_key(service: &Service) -> String {
    let body = TweetInput::builder().text("the text of a key");
    let request = service.client.create_tweet().idempotency_key(USED_KEY).body(body);

    let response = request.send().await.expect("a response");
    assert_eq!(response.status(), 201);
    response.into_inner().id.to_string()
}

fn create_cases(service: &Service) -> Vec<ErrorCase> {
    let untyped = |body: &str| service.request(Method::POST, "/tweet/").body(body.to_owned());
    let typed = |body: &str| untyped(body).header(CONTENT_TYPE, "application/json");
    let text = |text: &str| typed(&json!({ "text": text }).to_string());
    let keyed = |key: &str| text("another text").header("Idempotency-Key", key);

    let plain_text = untyped("{\"text\": \"plain\"}").header(CONTENT_TYPE, "text/plain");
    let cases = vec![
        (400, text(" ")),
        (400, text(&"x".repeat(141))),
        (400, text("\0")),
        (400, typed("{}")),
        (400, typed("[]")),
        (400, typed("{\"text\": 1}")),
        (400, typed("{\"text\": \"truncated")),
        (400, keyed("two words")),
        (413, text(&"x".repeat(17 * 1024))),
        (415, plain_text),
        (415, untyped("{\"text\": \"no content type\"}")),
        (422, keyed(USED_KEY)),
    ];
    of_operation("createTweet", cases)
}

fn list_cases(service: &Service) -> Vec<ErrorCase> {
    let list = |query: &str| service.request(Method::GET, &format!("/tweet/?{query}"));

    let cases = vec![
        (400, list("limit=0")),
        (400, list("limit=201")),
        (400, list("limit=many")),
        (400, list("before=yesterday")),
    ];
    of_operation("listTweets", cases)
}

fn get_cases(service: &Service, id: &str) -> Vec<ErrorCase> {
    let get = |id: &str| service.request(Method::GET, &format!("/tweet/{id}"));

    let cases = vec![
        (400, get(UNKNOWN_ID).header(HOST, "not/a/host")),
        (400, get(id).header(IF_MATCH, "not in quotes")),
        (412, get(id).header(IF_MATCH, "\"another\"")),
        (404, get(UNKNOWN_ID)),
        (404, get("not-an-id")),
    ];
    of_operation("getTweet", cases)
}

fn of_operation(operation: &'static str, cases: Vec<(u16, RequestBuilder)>) -> Vec<ErrorCase> {
    let case = |(status, request)| ErrorCase {
        operation,
        status,
        request,
    };

    cases.into_iter().map(case).collect()
}
