//! `GET /tweet/`: pages and their links.

use serde_json::{Value, json};

use super::{all, create};
use crate::support::{InProcess, json as json_of, link, problem, status_of};

/// The ids of a page, and the path of the next one.
async fn page(service: &InProcess, path: &str) -> (Vec<Value>, Option<String>) {
    let response = service.get(path).header("host", "api.localhost").send().await;
    assert_eq!(status_of(&response), 200, "{path}");
    let next = link(&response, "next").map(|url| {
        let path = url.strip_prefix("http://api.localhost");
        path.expect("an absolute next link").to_owned()
    });

    let body = json_of(response).await;
    let tweets = body.as_array().expect("an array").iter();
    (tweets.map(|tweet| tweet["id"].clone()).collect(), next)
}

#[tokio::test]
async fn without_tweets_the_page_is_an_empty_array() {
    let service = InProcess::memory().await;
    assert_eq!(all(&service).await, json!([]));
}

#[tokio::test]
async fn next_links_lead_through_all_pages_newest_first() {
    let service = InProcess::memory().await;
    let mut created = Vec::new();
    for _ in 0..7 {
        created.push(create(&service).await);
    }
    created.reverse();

    let (first, next) = page(&service, "/tweet/?limit=3").await;
    let (second, next) = page(&service, &next.expect("a second page")).await;
    let (third, next) = page(&service, &next.expect("a third page")).await;

    assert_eq!(next, None);
    let ids: Vec<_> = created.iter().map(|tweet| tweet["id"].clone()).collect();
    assert_eq!([first, second, third].concat(), ids);
}

#[tokio::test]
async fn newer_tweets_are_listed_after_an_id_oldest_first() {
    let service = InProcess::memory().await;
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(create(&service).await["id"].clone());
    }

    let path = format!("/tweet/?limit=3&after={}", ids[0].as_str().expect("an id"));
    let (first, next) = page(&service, &path).await;
    let (second, next) = page(&service, &next.expect("a second page")).await;

    assert_eq!(next, None);
    assert_eq!([first, second].concat(), ids[1..]);
}

#[tokio::test]
async fn all_invalid_parameters_are_reported_at_once() {
    let service = InProcess::memory().await;
    let response = service.get("/tweet/?limit=201&before=x&reverse=1").send().await;

    let body = problem(response, 400).await;
    let pointers: Vec<_> = body["errors"].as_array().expect("an array").iter().collect();
    let pointers: Vec<_> = pointers.iter().map(|error| &error["pointer"]).collect();
    assert_eq!(pointers, ["/limit", "/before", "/reverse"]);
}
