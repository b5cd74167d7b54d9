//! Requests about widgets that are errors.

use reqwest::{
    Method, RequestBuilder,
    header::{CONTENT_TYPE, HOST, IF_MATCH},
};

use super::{BODY, OTHER, input};
use crate::{
    errors::ErrorCase,
    support::{Service, example::UNKNOWN_ID},
};

/// An idempotency key that was used for one content and so cannot be used for another.
const USED_KEY: &str = "of-a-system-test";

/// A request for each error of each operation.
pub(crate) async fn error_cases(service: &Service) -> Vec<ErrorCase> {
    let id = use_key(service).await;

    let mut cases = create_cases(service);
    cases.extend(list_cases(service));
    cases.extend(get_cases(service, &id));
    cases.extend(update_cases(service, &id));
    cases.extend(delete_cases(service, &id));
    cases
}

/// Uses `USED_KEY`, and returns the id of its widget. The status is 201 the first time and at each later run.
async fn use_key(service: &Service) -> String {
    let request = service.client.create_widget().idempotency_key(USED_KEY);

    let response = request.body(input(BODY)).send().await.expect("a response");
    assert_eq!(response.status(), 201);
    response.into_inner().id.to_string()
}

/// A request with this body; JSON, if `Content-Type` says so.
fn with_body(service: &Service, method: Method, path: &str, media_type: &str, body: &str) -> RequestBuilder {
    let request = service.request(method, path).body(body.to_owned());
    request.header(CONTENT_TYPE, media_type)
}

/// Bodies that no operation accepts.
fn body_cases(request: impl Fn(&str, &str) -> RequestBuilder) -> Vec<(u16, RequestBuilder)> {
    let json = "application/json";

    vec![
        (400, request(json, "[]")),
        (400, request(json, "{\"truncated")),
        (400, request(json, "")),
        (413, request(json, &" ".repeat(17 * 1024))),
        (415, request("text/plain", BODY)),
    ]
}

fn create_cases(service: &Service) -> Vec<ErrorCase> {
    let post = |media_type: &str, body: &str| with_body(service, Method::POST, "/widget/", media_type, body);
    let keyed = |key: &str| post("application/json", OTHER).header("Idempotency-Key", key);

    let mut cases = body_cases(post);
    cases.extend([(400, keyed("two words")), (422, keyed(USED_KEY))]);
    of_operation("createWidget", cases)
}

fn list_cases(service: &Service) -> Vec<ErrorCase> {
    let list = |query: &str| service.request(Method::GET, &format!("/widget/?{query}"));

    let both = format!("before={UNKNOWN_ID}&after={UNKNOWN_ID}");
    let queries = ["limit=0", "limit=201", "limit=many", "before=yesterday", "after=1", "reverse=no", &both];
    let mut cases = Vec::from(queries.map(|query| (400, list(query))));
    cases.push((412, list("limit=1").header(IF_MATCH, "\"another\"")));
    of_operation("listWidgets", cases)
}

fn get_cases(service: &Service, id: &str) -> Vec<ErrorCase> {
    let get = |id: &str| service.request(Method::GET, &format!("/widget/{id}"));

    let cases = vec![
        (400, get(UNKNOWN_ID).header(HOST, "not/a/host")),
        (400, get(id).header(IF_MATCH, "not in quotes")),
        (412, get(id).header(IF_MATCH, "\"another\"")),
        (404, get(UNKNOWN_ID)),
        (404, get("not-an-id")),
    ];
    of_operation("getWidget", cases)
}

fn update_cases(service: &Service, id: &str) -> Vec<ErrorCase> {
    let put = |id: &str, body: &str| {
        let path = format!("/widget/{id}");
        with_body(service, Method::PUT, &path, "application/json", body)
    };
    let any = |media_type: &str, body: &str| {
        let path = format!("/widget/{id}");
        with_body(service, Method::PUT, &path, media_type, body).header(IF_MATCH, "*")
    };

    let mut cases = body_cases(any);
    cases.extend([
        (400, put(id, BODY).header(IF_MATCH, "not in quotes")),
        (412, put(id, BODY).header(IF_MATCH, "\"another\"")),
        (428, put(id, BODY)),
        (404, put(UNKNOWN_ID, BODY).header(IF_MATCH, "*")),
        (404, put("not-an-id", BODY).header(IF_MATCH, "*")),
    ]);
    of_operation("updateWidget", cases)
}

fn delete_cases(service: &Service, id: &str) -> Vec<ErrorCase> {
    let delete = |id: &str| service.request(Method::DELETE, &format!("/widget/{id}"));

    let cases = vec![
        (400, delete(id).header(IF_MATCH, "not in quotes")),
        (412, delete(id).header(IF_MATCH, "\"another\"")),
        (428, delete(id)),
        (404, delete(UNKNOWN_ID).header(IF_MATCH, "*")),
        (404, delete("not-an-id").header(IF_MATCH, "*")),
    ];
    of_operation("deleteWidget", cases)
}

fn of_operation(operation: &'static str, cases: Vec<(u16, RequestBuilder)>) -> Vec<ErrorCase> {
    let case = |(status, request)| ErrorCase {
        operation,
        status,
        request,
    };

    cases.into_iter().map(case).collect()
}
