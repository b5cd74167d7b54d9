//! `POST /tweet/`: what is stored and returned.

use poem::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{InProcess, header, json as json_of};

/// Creates a tweet from this body.
async fn created(service: &InProcess, body: impl Into<String>) -> Value {
    let request = service.post("/tweet/").content_type("application/json");
    let response = request.body(body.into()).send().await;
    response.assert_status(StatusCode::CREATED);

    json_of(response).await
}

#[tokio::test]
async fn a_created_tweet_is_found_at_its_location() {
    let service = InProcess::memory().await;
    let host = "api.localhost:81";
    let request = service.post("/tweet/").header("host", host);

    let response = request.body_json(&json!({"text": "  hello  "})).send().await;
    response.assert_status(StatusCode::CREATED);
    response.assert_content_type("application/json");
    let location = header(&response, "location").expect("Location");
    let tweet = json_of(response).await;

    let id = tweet["id"].as_str().expect("an id");
    assert_eq!(location, format!("http://{host}/tweet/{id}"));
    assert_eq!(tweet["href"], location.as_str());
    assert_eq!(tweet["text"], "hello", "without surrounding white space");
    let timestamp = tweet["timestamp"].as_str().expect("a timestamp");
    assert!(
        timestamp.len() == 24 && timestamp.ends_with('Z'),
        "RFC 3339, UTC, milliseconds: {timestamp}"
    );

    let found = service.get(format!("/tweet/{id}")).header("host", host);
    found.send().await.assert_json(&tweet).await;
}

#[tokio::test]
async fn ids_increase_from_tweet_to_tweet() {
    let service = InProcess::memory().await;
    let mut ids = Vec::new();

    for n in 0..50 {
        let tweet = service.create(&format!("tweet {n}")).await;
        ids.push(tweet["id"].as_str().expect("an id").to_owned());
    }

    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

#[tokio::test]
async fn the_longest_text_is_accepted_raw_and_escaped() {
    let service = InProcess::memory().await;
    let emoji = "🦀".repeat(140);
    assert_eq!(service.create(&emoji).await["text"], emoji);

    let escaped = "\\ud83e\\udd80".repeat(140);
    let tweet = created(&service, format!("{{\"text\":\"{escaped}\"}}")).await;
    assert_eq!(tweet["text"], emoji);
}
