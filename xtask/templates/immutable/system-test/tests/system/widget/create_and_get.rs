//! Creating a widget and getting it.

use reqwest::{Method, Url, header::IF_NONE_MATCH};
use serde_json::{Value, json};

use super::{BODY, create, input};
use crate::support::{Service, header};

fn parsed(body: &str) -> Value {
    serde_json::from_str(body).expect("JSON")
}

#[tokio::test]
async fn created_widget_is_returned_by_get() {
    let service = Service::reach();
    let client = &service.client;

    let response = client.create_widget().body(input(BODY)).send().await.expect("201");
    let location = header(response.headers(), "location").expect("a location").to_owned();
    let created = response.into_inner();
    assert_eq!(location, created.href);
    // Parsed, because clients omit the default port of the scheme: `server:80` becomes `server`.
    let url = Url::parse(&format!("{}/widget/{}", service.base, created.id.as_str())).expect("a URL");
    assert_eq!(location, url.as_str());

    let id = created.id.as_str();
    let read = client.get_widget().id(id).send().await.expect("200");
    assert_eq!(json!(read.into_inner()), json!(created));
}

#[tokio::test]
async fn what_is_sent_is_what_is_read() {
    let service = Service::reach();
    let created = create(&service).await;

    let response = service.get(&format!("/widget/{}", created.id.as_str())).await;
    let read: Value = response.json().await.expect("JSON");
    for (name, value) in parsed(BODY).as_object().expect("an object") {
        assert_eq!(read[name], *value, "{name}");
    }
}

#[tokio::test]
async fn retry_with_the_same_idempotency_key_returns_the_stored_widget() {
    let service = Service::reach();
    // The id of a new widget is a key that no earlier run of this test used.
    let key = create(&service).await.id;
    let send = || {
        let request = service.client.create_widget();
        request.idempotency_key(key.as_str()).body(input(BODY)).send()
    };

    let first = send().await.expect("201");
    let second = send().await.expect("201");

    assert_eq!(header(first.headers(), "idempotent-replayed"), None);
    assert_eq!(header(second.headers(), "idempotent-replayed"), Some("true"));
    assert_eq!(second.into_inner().id, first.into_inner().id);
}

#[tokio::test]
async fn conditional_get_with_a_matching_etag_is_a_304() {
    let service = Service::reach();
    let path = format!("/widget/{}", create(&service).await.id.as_str());
    let get_if_none_match = |etag: &str| {
        let request = service.request(Method::GET, &path);
        request.header(IF_NONE_MATCH, etag).send()
    };

    let first = service.get(&path).await;
    let etag = header(first.headers(), "etag").expect("an etag");
    let cache_control = header(first.headers(), "cache-control").unwrap_or_default();
    assert!(cache_control.contains("immutable"), "{cache_control:?}");

    let same = get_if_none_match(etag).await.expect("a response");
    assert_eq!(same.status(), 304);
    assert_eq!(header(same.headers(), "etag"), Some(etag));
    let other = get_if_none_match("\"other\"").await.expect("a response");
    assert_eq!(other.status(), 200);
}
