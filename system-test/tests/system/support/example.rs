//! The resource that tests of mechanism use. It is named here and nowhere else in them.

use system_test::types::{NewTweet, Tweet};

use super::Service;

/// The path of the collection, which is also its route.
pub(crate) const COLLECTION: &str = "/tweet/";

/// A valid id that no item has.
pub(crate) const UNKNOWN_ID: &str = "01KAN2FGVXM1SY9VXF7MJ4Z7QV";

/// Creates an item and returns it.
pub(crate) async fn create(service: &Service, text: &str) -> Tweet {
    let body = NewTweet::builder().text(text);
    let response = service.client.create_tweet().body(body).send().await;

    response.expect("201").into_inner()
}

/// Calls each operation of the store once, so that each has a metric.
pub(crate) async fn call_every_operation(service: &Service) {
    let id = create(service, "something to measure").await.id;
    let client = &service.client;

    client.get_tweet().id(id.as_str()).send().await.expect("200");
    client.list_tweets().send().await.expect("200");
}
