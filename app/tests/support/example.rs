//! The resource that tests of mechanism use as their example.
//!
//! Those tests name no resource; whatever they need of one is here. Beside `resources.rs`, this is the one file of
//! `support/`, `middleware/`, `faults/`, `http/`, `server/` and `operations/` that names one.

use std::{future::pending, sync::Arc};

pub(crate) use adapters::testing::tweet::Gated;
use app::{
    compose::{Context, Store},
    resources::Repositories,
};
use async_trait::async_trait;
pub(crate) use domain::tweet::{TweetId as ItemId, TweetService as ItemService};
use domain::{
    Clock, RepositoryError,
    tweet::{IdempotentTweet, NewTweet, Tweet, TweetId, TweetRepository, TweetService, TweetText},
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

/// Whether its items never change, so that caches may hold them.
pub(crate) const IS_IMMUTABLE: bool = true;

/// The store's operations that creating, getting and listing call, labels of its metrics.
pub(crate) const STORE_OPERATIONS: [&str; 3] = ["add", "find", "latest"];

/// The member of its bodies that is a text.
pub(crate) const TEXT: &str = "text";

/// The maximum length of that text.
pub(crate) const MAX_TEXT_CHARS: usize = TweetText::MAX_CHARS;

/// The body of a request that creates an item with this text.
pub(crate) fn body(text: &str) -> String {
    json!({ "text": text }).to_string()
}

/// The text that an item was created with.
pub(crate) fn text_of(item: &Value) -> String {
    item[TEXT].as_str().expect("a text").to_owned()
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

/// The use cases of the items, over the repository that `serve` composes.
pub(crate) fn service(store: &Store, context: &Context<'_>, clock: Arc<dyn Clock>) -> ItemService {
    let repository = app::tweet::stack(&store.repositories.tweets, context);
    TweetService::new(repository, clock)
}

/// What a client decides about an item.
pub(crate) fn new_item() -> NewTweet {
    NewTweet {
        text: TweetText::new("hello").expect("a valid text"),
    }
}

/// A repository for items, such as [`Gated`] or [`Broken`], beside empty ones for other resources.
pub(crate) fn repositories(items: impl TweetRepository + 'static) -> Repositories {
    let mut repositories = Repositories::in_memory();
    repositories.tweets = Arc::new(items);
    repositories
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

    async fn after(&self, _: TweetId, _: usize) -> Result<Vec<Tweet>, RepositoryError> {
        pending().await
    }
}
