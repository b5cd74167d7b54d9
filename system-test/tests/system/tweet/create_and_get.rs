//! Creating a tweet and getting it.

use reqwest::{Method, Url, header::IF_NONE_MATCH};
use system_test::types::TweetInput;

use crate::support::{Service, example, header};

#[tokio::test]
async fn created_tweet_is_returned_by_get() {
    let service = Service::reach();
    let body = TweetInput::builder().text("  Grüße, 世界! 🦀 \n");

    let response = service.client.create_tweet().body(body).send().await;
    let response = response.expect("a response");
    assert_eq!(response.status(), 201);
    let location = header(response.headers(), "location")
        .expect("a location")
        .to_owned();

    let created = response.into_inner();
    assert_eq!(created.text.as_str(), "Grüße, 世界! 🦀");
    assert_eq!(location, created.href);
    // Parsed, because clients omit the default port of the scheme: `server:80` becomes `server`.
    let url = Url::parse(&format!("{}/tweet/{}", service.base, created.id.as_str())).expect("a URL");
    assert_eq!(location, url.as_str());

    let request = service.client.get_tweet().id(created.id.as_str());
    let read = request.send().await.expect("200").into_inner();
    assert_eq!(
        (&read.id, &read.text, read.timestamp, &read.href),
        (&created.id, &created.text, created.timestamp, &created.href)
    );
}

#[tokio::test]
async fn retry_with_the_same_idempotency_key_returns_the_stored_tweet() {
    let service = Service::reach();
    // The id of a new tweet is a key that no earlier run of this test used.
    let key = example::create(&service, "its id is a new key").await.id;
    let send = || {
        let body = TweetInput::builder().text("sent twice");
        let request = service.client.create_tweet();
        request.idempotency_key(key.as_str()).body(body).send()
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
    let id = example::create(&service, "it never changes").await.id;
    let path = format!("/tweet/{}", id.as_str());
    let get_if_none_match = |etag: &str| {
        let request = service.request(Method::GET, &path);
        request.header(IF_NONE_MATCH, etag).send()
    };

    let first = service.get(&path).await;
    assert_eq!(first.status(), 200);
    let etag = header(first.headers(), "etag").expect("an etag");
    let cache_control = header(first.headers(), "cache-control").unwrap_or_default();
    assert!(cache_control.contains("immutable"), "{cache_control:?}");

    let same = get_if_none_match(etag).await.expect("a response");
    assert_eq!(same.status(), 304);
    assert_eq!(header(same.headers(), "etag"), Some(etag));
    assert!(same.bytes().await.expect("a body").is_empty());

    let other = get_if_none_match("\"other\"").await.expect("a response");
    assert_eq!(other.status(), 200);
}
