//! The resource that tests of mechanism use as their example.
//!
//! Those tests name no resource; whatever they need of one is here. Replace `tweet/`, and this is the one file of
//! `support/`, `middleware/`, `faults/`, `server/` and `operations/` to edit.

use std::{future::pending, sync::Arc};

use adapters::InMemoryHealthCheck;
pub(crate) use adapters::testing::tweet::Gated;
use app::compose::Store;
use async_trait::async_trait;
use domain::{
    IdempotentTweet, RepositoryError, Tweet, TweetId, TweetRepository,
    testing::{FailingHealthCheck, FailingTweetRepository},
};
use poem::http::StatusCode;
use serde_json::{Value, json};

use super::{in_process::InProcess, response::json};

/// Creates with POST, lists with GET; with a trailing slash, as the document writes it.
pub(crate) const COLLECTION: &str = "/tweet/";

/// The items' path in the document, in metrics and in the access log.
pub(crate) const ITEM_ROUTE: &str = "/tweet/{id}";

/// The path of an item that does not exist.
pub(crate) const UNKNOWN_ITEM: &str = "/tweet/01KAN2FGVXM1SY9VXF7MJ4Z7QV";

/// The table in which items are stored.
pub(crate) const TABLE: &str = "tweet";

/// The store's operations that creating, getting and listing call, labels of its metrics.
pub(crate) const STORE_OPERATIONS: [&str; 3] = ["add", "find", "latest"];

/// The body of a request that creates an item with this text.
pub(crate) fn body(text: &str) -> String {
    json!({ "text": text }).to_string()
}

/// Bodies that create another item than the document's example does, by operation id: one for each operation with an
/// `Idempotency-Key`. A key that was used with the example and is reused with such a body is a 422.
pub(crate) const OTHER_BODIES: &[(&str, &str)] = &[("createTweet", r#"{"text":"another text"}"#)];

/// The text that an item was created with.
pub(crate) fn text_of(item: &Value) -> String {
    item["text"].as_str().expect("a text").to_owned()
}

/// Creates an item with this text, and returns it as the response shows it.
pub(crate) async fn create(service: &InProcess, text: &str) -> Value {
    let request = service.post(COLLECTION).content_type("application/json");
    let response = request.body(body(text)).send().await;
    response.assert_status(StatusCode::CREATED);

    json(response).await
}

/// The path of an item that a response shows.
pub(crate) fn path_of(item: &Value) -> String {
    format!("{COLLECTION}{}", item["id"].as_str().expect("an id"))
}

/// A store whose every operation and whose health check fail.
pub(crate) fn failing_store(error: RepositoryError) -> Store {
    let reason = "driver error: password \"hunter2\" is wrong";

    Store {
        tweet_repository: Arc::new(FailingTweetRepository(error)),
        check: Arc::new(FailingHealthCheck(reason.to_owned())),
        schema: None,
        in_process: true,
    }
}

/// A healthy store over this repository, such as [`Gated`] or [`Broken`].
pub(crate) fn store_over(repository: impl TweetRepository + 'static) -> Store {
    Store {
        tweet_repository: Arc::new(repository),
        check: Arc::new(InMemoryHealthCheck),
        schema: None,
        in_process: true,
    }
}

/// A repository that panics when an item is got, and never returns from anything else.
pub(crate) struct Broken;

#[async_trait]
impl TweetRepository for Broken {
    async fn add(&self, _: &[Tweet]) -> Result<(), RepositoryError> {
        pending().await
    }

    async fn add_idempotent(&self, _: &[IdempotentTweet]) -> Result<Vec<Tweet>, RepositoryError> {
        pending().await
    }

    async fn find(&self, _: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError> {
        panic!("this panic is part of a test")
    }

    async fn latest(&self, _: Option<TweetId>, _: usize) -> Result<Vec<Tweet>, RepositoryError> {
        pending().await
    }
}
