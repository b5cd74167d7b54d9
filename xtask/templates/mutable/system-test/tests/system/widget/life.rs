//! The life of a widget: created, read, changed, removed.

use reqwest::{Method, Url, header::IF_NONE_MATCH};
use serde_json::{Value, json};
use system_test::types::Widget;

use super::{BODY, OTHER, create, input};
use crate::support::{Service, header};

/// A widget as JSON, without the members that the service adds.
fn content(widget: &Widget) -> Value {
    let mut members = serde_json::to_value(widget).expect("JSON");
    let object = members.as_object_mut().expect("an object");
    for own in ["id", "timestamp", "href"] {
        object.remove(own).expect(own);
    }
    members
}

fn parsed(body: &str) -> Value {
    serde_json::from_str(body).expect("JSON")
}

#[tokio::test]
async fn widget_is_created_read_changed_and_removed() {
    let service = Service::reach();
    let client = &service.client;

    let response = client.create_widget().body(input(BODY)).send().await.expect("201");
    let location = header(response.headers(), "location").expect("a location").to_owned();
    let tag = header(response.headers(), "etag").expect("a tag").to_owned();
    let created = response.into_inner();
    assert_eq!(location, created.href);
    // Parsed, because clients omit the default port of the scheme: `server:80` becomes `server`.
    let url = Url::parse(&format!("{}/widget/{}", service.base, created.id.as_str())).expect("a URL");
    assert_eq!(location, url.as_str());

    let id = created.id.as_str();
    let read = client.get_widget().id(id).send().await.expect("200");
    assert_eq!(header(read.headers(), "etag"), Some(&*tag));
    assert_eq!(json!(read.into_inner()), json!(created));

    let update = client.update_widget().id(id).if_match(&*tag);
    let updated = update.body(input(OTHER)).send().await.expect("200");
    let new_tag = header(updated.headers(), "etag").expect("a tag").to_owned();
    assert_ne!(new_tag, tag);
    let updated = updated.into_inner();
    assert_eq!(content(&updated), json!(input(OTHER)));
    assert_eq!((&updated.id, &updated.timestamp), (&created.id, &created.timestamp));

    let stale = client.delete_widget().id(id).if_match(&*tag).send().await;
    let error = stale.expect_err("another version");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(412));
    let removed = client.delete_widget().id(id).if_match(&*new_tag).send().await;
    assert_eq!(removed.expect("204").status(), 204);
    let read = client.get_widget().id(id).send().await.expect_err("it is removed");
    assert_eq!(read.status().map(|status| status.as_u16()), Some(404));
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
    assert_eq!(header(first.headers(), "cache-control"), Some("no-cache"));

    let same = get_if_none_match(etag).await.expect("a response");
    assert_eq!(same.status(), 304);
    assert_eq!(header(same.headers(), "etag"), Some(etag));
    let other = get_if_none_match("\"other\"").await.expect("a response");
    assert_eq!(other.status(), 200);
}
