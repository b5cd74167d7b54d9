//! Tweets as fixtures.

use std::sync::Arc;

use domain::{
    Cursor, PageLimit, RepositoryError,
    tweet::{NewTweet, TweetService},
};
use serde::Deserialize;

use crate::{
    commands::Fixtures,
    compose::{self, Store},
};

/// Stores fixtures through the use cases. One service for the whole load, so that ids rise from batch to batch.
pub(crate) struct TweetFixtures(TweetService);

/// The same members as in the body of `POST /tweet/`.
#[derive(Deserialize)]
pub(crate) struct NewTweetFixture {
    text: String,
}

impl TryFrom<NewTweetFixture> for NewTweet {
    type Error = String;

    fn try_from(body: NewTweetFixture) -> Result<Self, String> {
        let NewTweetFixture { text } = body;

        Ok(Self {
            text: domain::tweet::TweetText::new(&text).map_err(|error| format!("the text {error}"))?,
        })
    }
}

impl Fixtures for TweetFixtures {
    type Body = NewTweetFixture;
    type Item = NewTweet;

    const RESOURCE: &'static str = "tweet";
    const BUILT_IN: &'static str = include_str!("fixtures.json");

    fn new(store: &Store) -> Self {
        Self(TweetService::new(
            Arc::clone(&store.repositories.tweets),
            compose::clock(),
        ))
    }

    async fn is_empty(&self) -> Result<bool, RepositoryError> {
        let newest = self.0.page(Cursor::Newest, PageLimit::default()).await?;
        Ok(newest.items.is_empty())
    }

    async fn add(&self, batch: Vec<NewTweet>) -> Result<(), RepositoryError> {
        self.0.create_all(batch).await.map(drop)
    }
}
