//! The document and its page.

use serde_json::Value;

use crate::support::service::{Service, header};

pub(crate) fn document() -> Value {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/openapi.json"));
    serde_json::from_str(text).expect("JSON")
}

#[tokio::test]
async fn the_document_that_is_served_is_the_one_that_the_client_is_made_from() {
    let service = Service::reach();
    let answer = service.get("/openapi.json").await;
    assert_eq!(header(answer.headers(), "content-type"), Some("application/json"));
    assert!(
        answer.json::<Value>().await.expect("JSON") == document(),
        "openapi/openapi.json differs"
    );
}

#[tokio::test]
async fn the_root_leads_to_a_page_that_shows_the_document() {
    let service = Service::reach();
    let root = service.get("/").await;
    assert_eq!(root.status(), 307);
    assert_eq!(header(root.headers(), "location"), Some("/docs"));
    let page = service.get("/docs").await;
    assert_eq!(page.status(), 200);
    assert_eq!(
        header(page.headers(), "content-type"),
        Some("text/html; charset=utf-8")
    );
    let html = page.text().await.expect("text");
    for part in [
        "<title>Swagger UI</title>",
        "createTweet",
        "getTweet",
        "listTweets",
        "healthcheck",
        "livez",
    ] {
        assert!(html.contains(part), "the page lacks {part}");
    }
}
