//! Requests that may be sent again.

use poem::{http::StatusCode, test::TestResponse};
use serde_json::{Value, json};

use crate::support::Site;
use crate::support::header;

async fn post(site: &Site, key: &str, text: &str) -> TestResponse {
    let request = site.client.post("/tweet/").header("Idempotency-Key", key);
    request.body_json(&json!({ "text": text })).send().await
}

async fn created(answer: TestResponse) -> (Value, bool, Option<String>) {
    answer.assert_status(StatusCode::CREATED);
    let replayed = header(&answer, "idempotent-replayed").is_some_and(|value| value == "true");
    let location = header(&answer, "location");
    (answer.json().await.value().deserialize(), replayed, location)
}

#[tokio::test]
async fn the_same_request_twice_is_answered_with_the_first_tweet() {
    for site in [Site::memory().await, Site::sqlite().await, Site::postgres().await] {
        let (first, replayed, location) = created(post(&site, "key-1", "hello").await).await;
        assert!(!replayed, "the first is no replay");
        for spelling in ["hello", " hello\n"] {
            assert_eq!(
                created(post(&site, "key-1", spelling).await).await,
                (first.clone(), true, location.clone())
            );
        }
        let (second, replayed, _) = created(post(&site, "key-2", "hello").await).await;
        assert!(
            !replayed && second["id"] != first["id"],
            "another key is another tweet"
        );
        let all: Vec<Value> = site
            .client
            .get("/tweet/")
            .send()
            .await
            .json()
            .await
            .value()
            .deserialize();
        assert_eq!(all, [second, first]);
    }
}

#[tokio::test]
async fn a_key_with_another_text_is_refused() {
    let site = Site::memory().await;
    let (first, ..) = created(post(&site, "key", "hello").await).await;
    let answer = post(&site, "key", "goodbye").await;
    answer.assert_status(StatusCode::UNPROCESSABLE_ENTITY);
    answer.assert_content_type("application/problem+json");
    let problem: Value = answer.json().await.value().deserialize();
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("used with other content"))
    );
    assert_eq!(
        created(post(&site, "key", "hello").await).await.0,
        first,
        "the first is as it was"
    );
}

#[tokio::test]
async fn two_at_once_make_one_tweet() {
    let site = Site::postgres().await;
    let one = || async { created(post(&site, "at-once", "hello").await).await };
    let (a, b, c, d) = tokio::join!(one(), one(), one(), one());
    let answers = [a, b, c, d];
    assert!(
        answers.iter().all(|(tweet, ..)| *tweet == answers[0].0),
        "{answers:?}"
    );
    assert_eq!(
        answers.iter().filter(|(_, replayed, _)| !replayed).count(),
        1,
        "one of them stored it"
    );
    let all: Vec<Value> = site
        .client
        .get("/tweet/")
        .send()
        .await
        .json()
        .await
        .value()
        .deserialize();
    assert_eq!(all.len(), 1);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_and_stores_nothing() {
    let site = Site::memory().await;
    for key in ["", "two words", "Schlüssel", "tab\tbed", &"k".repeat(256)] {
        let answer = post(&site, key, "hello").await;
        answer.assert_status(StatusCode::BAD_REQUEST);
        let problem: Value = answer.json().await.value().deserialize();
        let expected =
            json!([{"pointer": "/Idempotency-Key", "detail": "must be 1 to 255 visible ASCII characters"}]);
        assert_eq!(problem["errors"], expected, "{key:?}");
    }
    let twice = site
        .client
        .post("/tweet/")
        .header("Idempotency-Key", "a")
        .header("Idempotency-Key", "b");
    twice
        .body_json(&json!({"text": "x"}))
        .send()
        .await
        .assert_status(StatusCode::BAD_REQUEST);
    site.client
        .get("/tweet/")
        .send()
        .await
        .assert_json(&json!([]))
        .await;
}
