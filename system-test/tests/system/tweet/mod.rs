//! The resource `tweet`: what clients can do with it, and the errors they can cause.

mod create_and_get;
mod errors;
mod list;

use system_test::types::{Tweet, TweetInput};

use crate::support::Service;

pub(crate) use self::errors::error_cases;

/// A body with all members.
const BODY: &str = r#"{"text": "Some text"}"#;

/// A body with the required members alone, and with other values.
const OTHER: &str = r#"{"text": "y"}"#;

/// A body, as the type that is generated from the document.
fn input(body: &str) -> TweetInput {
    serde_json::from_str(body).expect("a body as the document describes it")
}

/// Creates a tweet and returns it.
async fn create(service: &Service) -> Tweet {
    let response = service.client.create_tweet().body(input(BODY)).send().await;
    response.expect("201").into_inner()
}
