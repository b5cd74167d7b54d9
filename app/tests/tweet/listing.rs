//! `GET /tweet/`: pages and their links.

use serde_json::{Value, json};

use crate::support::{InProcess, header, json as json_of, problem, status_of};

/// A service with tweets whose texts are the numbers from 0.
async fn with_tweets(count: usize) -> InProcess {
    let service = InProcess::memory().await;
    for n in 0..count {
        service.create(&n.to_string()).await;
    }
    service
}

/// The texts of a page, and its `Link`.
async fn page(service: &InProcess, path: &str) -> (Vec<String>, Option<String>) {
    let response = service.get(path).header("host", "api.localhost").send().await;
    assert_eq!(status_of(&response), 200, "{path}");
    let link = header(&response, "link");

    let body = json_of(response).await;
    let tweets = body.as_array().expect("an array").iter();
    let text = |tweet: &Value| tweet["text"].as_str().expect("a text").to_owned();
    (tweets.map(text).collect(), link)
}

#[tokio::test]
async fn without_tweets_the_page_is_an_empty_array() {
    let service = InProcess::memory().await;
    let response = service.get("/tweet/").send().await;

    assert_eq!(header(&response, "link"), None);
    response.assert_json(json!([])).await;
}

#[tokio::test]
async fn next_links_lead_through_all_pages_newest_first() {
    let service = with_tweets(7).await;
    let (mut texts, mut pages) = (Vec::new(), 0);
    let mut path = "/tweet/?limit=3".to_owned();

    loop {
        let (page, link) = page(&service, &path).await;
        texts.extend(page);
        pages += 1;

        let Some(link) = link else { break };
        let next = link
            .strip_prefix("<http://api.localhost")
            .and_then(|link| link.strip_suffix(">; rel=\"next\""));
        path = next.expect("an absolute next link").to_owned();
    }

    assert_eq!(texts, ["6", "5", "4", "3", "2", "1", "0"]);
    assert_eq!(pages, 3);
}

#[tokio::test]
async fn a_full_last_page_has_no_next_link() {
    let service = with_tweets(3).await;

    assert_eq!(page(&service, "/tweet/?limit=3").await.1, None);
    assert!(page(&service, "/tweet/?limit=2").await.1.is_some());
}

#[tokio::test]
async fn a_page_has_50_tweets_by_default_and_at_most_200() {
    let service = with_tweets(202).await;

    assert_eq!(page(&service, "/tweet/").await.0.len(), 50);
    assert_eq!(page(&service, "/tweet?limit=200").await.0.len(), 200);
    assert_eq!(page(&service, "/tweet/?limit=1&unknown=1").await.0, ["201"]);
}

#[tokio::test]
async fn an_invalid_limit_is_400() {
    let service = InProcess::memory().await;
    let invalid = [
        "0",
        "201",
        "-1",
        "abc",
        "",
        "1.5",
        "+5",
        "99999999999999999999999",
        "%00",
        "%D9%A1",
    ];

    for limit in invalid {
        let response = service.get(format!("/tweet/?limit={limit}")).send().await;
        let body = problem(response, 400).await;
        let expected = json!([{"pointer": "/limit", "detail": "must be a whole number from 1 to 200"}]);
        assert_eq!(body["errors"], expected, "{limit}");
    }
}

#[tokio::test]
async fn an_invalid_before_is_400() {
    let service = InProcess::memory().await;

    for before in ["x", "", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01KAN2FGVXM1SY9VXF7MJ4Z7Q"] {
        let response = service.get(format!("/tweet/?before={before}")).send().await;
        let body = problem(response, 400).await;
        assert_eq!(body["errors"][0]["pointer"], "/before", "{before}");
    }
}

#[tokio::test]
async fn all_invalid_parameters_are_reported_at_once() {
    let service = InProcess::memory().await;
    let response = service.get("/tweet/?limit=0&before=x").send().await;

    let body = problem(response, 400).await;
    assert_eq!(body["errors"].as_array().map(Vec::len), Some(2), "{body}");
}

#[tokio::test]
async fn before_may_name_a_tweet_that_does_not_exist() {
    let service = with_tweets(1).await;

    let (texts, _) = page(&service, "/tweet/?before=7ZZZZZZZZZZZZZZZZZZZZZZZZZ").await;
    assert_eq!(texts, ["0"]);
    let (texts, _) = page(&service, "/tweet/?before=00000000000000000000000000").await;
    assert_eq!(texts, [""; 0]);
}
