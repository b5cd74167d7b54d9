//! Creating a tweet and getting it.

use reqwest::{Method, Url, header::IF_NONE_MATCH};
use system_test::types::NewTweet;

use crate::support::service::{Service, header};

#[tokio::test]
async fn what_was_created_can_be_got() {
    let service = Service::reach();
    let body = NewTweet::builder().text("  Grüße, 世界! 🦀 \n");
    let answer = service
        .client
        .create_tweet()
        .body(body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 201);
    let location = header(answer.headers(), "location")
        .expect("where it is")
        .to_owned();
    let created = answer.into_inner();
    assert_eq!(created.text.as_str(), "Grüße, 世界! 🦀");
    assert_eq!(location, created.href);
    // Parsed, because clients leave out a port that the scheme implies: `server:80` is asked as `server`.
    let here = Url::parse(&format!("{}/tweet/{}", service.base, created.id.as_str())).expect("a URL");
    assert_eq!(location, here.as_str());

    let got = service
        .client
        .get_tweet()
        .id(created.id.as_str())
        .send()
        .await
        .expect("200")
        .into_inner();
    assert_eq!(
        (&got.id, &got.text, got.timestamp, &got.href),
        (&created.id, &created.text, created.timestamp, &created.href)
    );
}

#[tokio::test]
async fn a_request_that_is_sent_again_stores_nothing_twice() {
    let service = Service::reach();
    // A key of its own, also on a server that has seen this test before.
    let key = service.create("its id is a new key").await.id;
    let send = || {
        let body = NewTweet::builder().text("sent twice");
        service
            .client
            .create_tweet()
            .idempotency_key(key.as_str())
            .body(body)
            .send()
    };
    let first = send().await.expect("201");
    assert_eq!(header(first.headers(), "idempotent-replayed"), None);
    let again = send().await.expect("201");
    assert_eq!(header(again.headers(), "idempotent-replayed"), Some("true"));
    assert_eq!(again.into_inner().id, first.into_inner().id);
}

#[tokio::test]
async fn who_has_a_tweet_is_told_that_nothing_changed() {
    let service = Service::reach();
    let id = service.create("it never changes").await.id;
    let path = format!("/tweet/{}", id.as_str());
    let first = service.get(&path).await;
    assert_eq!(first.status(), 200);
    let tag = header(first.headers(), "etag").expect("a tag").to_owned();
    assert!(header(first.headers(), "cache-control").is_some_and(|cached| cached.contains("immutable")));

    let again = service
        .request(Method::GET, &path)
        .header(IF_NONE_MATCH, &tag)
        .send()
        .await
        .expect("an answer");
    assert_eq!(again.status(), 304);
    assert_eq!(header(again.headers(), "etag"), Some(&*tag));
    assert!(again.bytes().await.expect("a body").is_empty());

    let other = service
        .request(Method::GET, &path)
        .header(IF_NONE_MATCH, "\"other\"")
        .send()
        .await;
    assert_eq!(other.expect("an answer").status(), 200);
}
