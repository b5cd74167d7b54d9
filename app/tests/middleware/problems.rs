//! What clients see when something breaks behind the port.

use std::{future::pending, sync::Arc};

use adapters::InMemoryTweetRepository;
use app::compose::Store;
use async_trait::async_trait;
use domain::{BoxedSource, IdempotentTweet, RepositoryError, Tweet, TweetId, TweetRepository};
use serde_json::json;

use crate::support::Site;
use crate::support::{header, problem};

fn source() -> BoxedSource {
    Arc::from(Box::from("driver says: password \"hunter2\" is wrong"))
}

#[tokio::test]
async fn an_outage_is_503_with_retry_after_and_no_driver_text() {
    for error in [
        RepositoryError::Unavailable { source: source() },
        RepositoryError::TimedOut { source: source() },
    ] {
        let site = Site::failing(error);
        let requests = [
            site.client
                .post("/tweet/")
                .body_json(&json!({"text": "x"}))
                .send()
                .await,
            site.client.get("/tweet/").send().await,
            site.client.get("/tweet/01KAN2FGVXM1SY9VXF7MJ4Z7QV").send().await,
        ];
        for answer in requests {
            assert_eq!(header(&answer, "retry-after").as_deref(), Some("1"));
            let body = problem(answer, 503).await;
            assert!(!body.to_string().contains("hunter2"), "{body}");
        }
    }
}

#[tokio::test]
async fn other_failures_are_500_without_driver_text() {
    for error in [
        RepositoryError::Internal { source: source() },
        RepositoryError::Conflict,
    ] {
        let site = Site::failing(error);
        let body = problem(site.client.get("/tweet/").send().await, 500).await;
        assert!(!body.to_string().contains("hunter2"), "{body}");
    }
}

#[tokio::test]
async fn health_tells_what_is_wrong_by_name_only() {
    let site = Site::failing(RepositoryError::Unavailable { source: source() });
    let answer = site.client.get("/healthcheck/").send().await;
    assert_eq!(answer.0.status(), 503);
    answer
        .assert_json(json!({"status": "nok", "db": {"status": "nok"}}))
        .await;
    site.client.get("/livez").send().await.assert_status_is_ok();
    let healthy = Site::memory().await;
    let answer = healthy.client.get("/healthcheck/").send().await;
    answer.assert_status_is_ok();
    answer
        .assert_json(json!({"status": "ok", "db": {"status": "ok"}}))
        .await;
}

/// A store whose reads panic and whose writes never end.
struct Broken;

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

/// A site over it, which gives up after a second.
pub(super) fn broken() -> Site {
    let check = Arc::new(InMemoryTweetRepository::default());
    Site::over(Store {
        tweet_repository: Arc::new(Broken),
        check,
        schema: None,
    })
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_service_goes_on() {
    let site = broken();
    for _ in 0..2 {
        let body = problem(
            site.client.get("/tweet/01KAN2FGVXM1SY9VXF7MJ4Z7QV").send().await,
            500,
        )
        .await;
        assert!(!body.to_string().contains("part of a test"), "{body}");
    }
}

#[tokio::test]
async fn a_store_that_hangs_is_given_up() {
    let site = broken();
    let answer = site.client.get("/tweet/").send().await;
    assert_eq!(header(&answer, "retry-after").as_deref(), Some("1"));
    let body = problem(answer, 503).await;
    assert_eq!(body["detail"], "the request took too long and was given up");
}
