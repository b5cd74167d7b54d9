//! The resource that tests of mechanism use. It is named here and nowhere else in them.

use serde_json::json;
use system_test::types::{Tweet, TweetInput};

use super::Service;

/// The path of the collection, which is also its route.
pub(crate) const COLLECTION: &str = "/tweet/";

/// A valid id that no item has.
pub(crate) const UNKNOWN_ID: &str = "01KAN2FGVXM1SY9VXF7MJ4Z7QV";

/// Whether its items never change, so that they are cached and stored in batches.
pub(crate) const IS_IMMUTABLE: bool = true;

/// Creates an item and returns it.
pub(crate) async fn create(service: &Service, text: &str) -> Tweet {
    let body: TweetInput = serde_json::from_value(json!({ "text": text })).expect("a valid body");
    let response = service.client.create_tweet().body(body).send().await;

    response.expect("201").into_inner()
}

/// The text of the item with this id.
pub(crate) async fn text_of(service: &Service, id: &str) -> String {
    let response = service.client.get_tweet().id(id).send().await;
    response.expect("200").into_inner().text.to_string()
}

/// Calls each operation of the store once, so that each has a metric.
pub(crate) async fn call_every_operation(service: &Service) {
    let id = create(service, "something to measure").await.id;
    let client = &service.client;

    client.get_tweet().id(id.as_str()).send().await.expect("200");
    client.list_tweets().send().await.expect("200");
}
