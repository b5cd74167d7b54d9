//! Tweets over HTTP.

mod creating;
mod getting;
mod idempotency;
mod limits;
mod listing;
mod stack;
mod store_metrics;

use poem::http::StatusCode;
use serde_json::Value;

use crate::support::{InProcess, json as json_of};

/// A body with all members, as responses show them.
const BODY: &str = r#"{"text": "Some text"}"#;

/// A body with the required members alone, and with other values.
const OTHER: &str = r#"{"text": "y"}"#;

/// A creation that differs from the document's example.
pub(crate) const OTHER_BODY: (&str, &str) = ("createTweet", OTHER);

/// Creates a tweet with all members, and returns it as the response shows it.
async fn create(service: &InProcess) -> Value {
    let request = service.post("/tweet/").content_type("application/json");
    let response = request.body(BODY).send().await;
    response.assert_status(StatusCode::CREATED);

    json_of(response).await
}

fn path_of(tweet: &Value) -> String {
    format!("/tweet/{}", tweet["id"].as_str().expect("an id"))
}

/// The tweet at this path.
async fn get(service: &InProcess, path: &str) -> Value {
    let response = service.get(path).send().await;
    response.assert_status(StatusCode::OK);
    json_of(response).await
}

/// All tweets, newest first.
async fn all(service: &InProcess) -> Value {
    get(service, "/tweet/").await
}

/// What clients decide about a tweet: what is left without the members that the service adds.
fn content(tweet: &Value) -> Value {
    let mut members = tweet.as_object().expect("an object").clone();
    for own in ["id", "timestamp", "href"] {
        assert!(members.remove(own).is_some(), "{own}");
    }
    members.into()
}

fn parsed(body: &str) -> Value {
    serde_json::from_str(body).expect("JSON")
}
