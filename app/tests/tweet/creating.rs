use poem::http::StatusCode;
use serde_json::{Value, json};

use crate::support::Site;
use crate::support::header;

#[tokio::test]
async fn a_tweet_is_created_and_found_where_location_says() {
    let site = Site::memory().await;
    let request = site.client.post("/tweet/").header("host", "api.localhost:81");
    let answer = request.body_json(&json!({"text": "  hello  "})).send().await;
    answer.assert_status(StatusCode::CREATED);
    answer.assert_content_type("application/json");
    let location = header(&answer, "location").expect("Location");
    let created: Value = answer.json().await.value().deserialize();
    assert_eq!(created["text"], "hello", "white space around the text is gone");
    assert_eq!(created["href"], location.as_str());
    assert_eq!(
        location,
        format!(
            "http://api.localhost:81/tweet/{}",
            created["id"].as_str().expect("an id")
        )
    );
    let timestamp = created["timestamp"].as_str().expect("a timestamp");
    assert!(
        timestamp.len() == 24 && timestamp.ends_with('Z'),
        "RFC 3339, UTC, milliseconds: {timestamp}"
    );
    let path = location
        .strip_prefix("http://api.localhost:81")
        .expect("an absolute URL");
    let found = site
        .client
        .get(path)
        .header("host", "api.localhost:81")
        .send()
        .await;
    found.assert_json(&created).await;
}

#[tokio::test]
async fn ids_rise_from_tweet_to_tweet() {
    let site = Site::memory().await;
    let mut ids = Vec::new();
    for n in 0..50 {
        ids.push(
            site.create(&format!("tweet {n}")).await["id"]
                .as_str()
                .expect("an id")
                .to_owned(),
        );
    }
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

#[tokio::test]
async fn the_longest_texts_are_taken_in_every_spelling() {
    let site = Site::memory().await;
    let emoji = "🦀".repeat(140);
    assert_eq!(site.create(&emoji).await["text"], emoji);
    let escaped = format!("{{\"text\":\"{}\"}}", "\\ud83e\\udd80".repeat(140));
    let answer = site
        .client
        .post("/tweet/")
        .content_type("application/json")
        .body(escaped)
        .send()
        .await;
    answer.assert_status(StatusCode::CREATED);
    let created: Value = answer.json().await.value().deserialize();
    assert_eq!(created["text"], emoji);
}

#[tokio::test]
async fn unknown_members_are_ignored() {
    let site = Site::memory().await;
    let body = json!({"id": "mine", "text": "hello", "extra": {"a": [1, 2, {"b": null}]}, "": 0});
    let answer = site.client.post("/tweet").body_json(&body).send().await;
    answer.assert_status(StatusCode::CREATED);
    let created: Value = answer.json().await.value().deserialize();
    assert_ne!(created["id"], "mine");
}

#[tokio::test]
async fn json_by_any_of_its_names_is_taken() {
    let site = Site::memory().await;
    for name in [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/vnd.api+json",
    ] {
        let answer = site
            .client
            .post("/tweet/")
            .content_type(name)
            .body(r#"{"text":"x"}"#)
            .send()
            .await;
        assert_eq!(answer.0.status(), StatusCode::CREATED, "{name}");
    }
}
