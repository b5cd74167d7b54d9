use poem::http::StatusCode;
use serde_json::{Value, json};

use crate::support::Site;
use crate::support::{header, problem};

async fn texts(site: &Site, path: &str) -> (Vec<String>, Option<String>) {
    let answer = site.client.get(path).header("host", "api.localhost").send().await;
    assert_eq!(answer.0.status(), StatusCode::OK, "{path}");
    let link = header(&answer, "link");
    let tweets: Vec<Value> = answer.json().await.value().deserialize();
    (
        tweets
            .iter()
            .map(|tweet| tweet["text"].as_str().expect("a text").to_owned())
            .collect(),
        link,
    )
}

#[tokio::test]
async fn no_tweets_are_an_empty_array() {
    let site = Site::memory().await;
    let answer = site.client.get("/tweet/").send().await;
    assert_eq!(header(&answer, "link"), None);
    answer.assert_json(json!([])).await;
}

#[tokio::test]
async fn link_leads_through_all_pages_newest_first() {
    let site = Site::memory().await;
    for n in 0..7 {
        site.create(&n.to_string()).await;
    }
    let (mut seen, mut path, mut pages) = (Vec::new(), "/tweet/?limit=3".to_owned(), 0);
    loop {
        let (page, link) = texts(&site, &path).await;
        seen.extend(page);
        pages += 1;
        let Some(link) = link else { break };
        let next = link
            .strip_prefix("<http://api.localhost")
            .and_then(|link| link.strip_suffix(">; rel=\"next\""));
        path = next.expect("an absolute next link").to_owned();
    }
    assert_eq!(seen, ["6", "5", "4", "3", "2", "1", "0"]);
    assert_eq!(pages, 3);
}

#[tokio::test]
async fn a_full_last_page_has_no_next() {
    let site = Site::memory().await;
    for n in 0..3 {
        site.create(&n.to_string()).await;
    }
    assert_eq!(texts(&site, "/tweet/?limit=3").await.1, None);
    assert!(texts(&site, "/tweet/?limit=2").await.1.is_some());
}

#[tokio::test]
async fn a_page_holds_50_tweets_unless_told_and_at_most_200() {
    let site = Site::memory().await;
    for n in 0..202 {
        site.create(&n.to_string()).await;
    }
    assert_eq!(texts(&site, "/tweet/").await.0.len(), 50);
    assert_eq!(texts(&site, "/tweet?limit=200").await.0.len(), 200);
    assert_eq!(texts(&site, "/tweet/?limit=1&unknown=1").await.0, ["201"]);
}

#[tokio::test]
async fn wrong_parameters_are_all_named() {
    let site = Site::memory().await;
    for limit in [
        "0",
        "201",
        "-1",
        "abc",
        "",
        "1.5",
        "+5",
        "99999999999999999999999",
        "%00",
        "١",
    ] {
        let query: String = limit
            .bytes()
            .map(|b| {
                if b.is_ascii() {
                    char::from(b).into()
                } else {
                    format!("%{b:02X}")
                }
            })
            .collect();
        let body = problem(
            site.client.get(format!("/tweet/?limit={query}")).send().await,
            400,
        )
        .await;
        let expected = json!([{"pointer": "/limit", "detail": "must be a whole number from 1 to 200"}]);
        assert_eq!(body["errors"], expected, "{limit}");
    }
    for before in ["x", "", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01KAN2FGVXM1SY9VXF7MJ4Z7Q"] {
        let body = problem(
            site.client.get(format!("/tweet/?before={before}")).send().await,
            400,
        )
        .await;
        assert_eq!(body["errors"][0]["pointer"], "/before", "{before}");
    }
    let body = problem(site.client.get("/tweet/?limit=0&before=x").send().await, 400).await;
    assert_eq!(body["errors"].as_array().map(Vec::len), Some(2), "both at once");
}

#[tokio::test]
async fn before_need_not_exist() {
    let site = Site::memory().await;
    site.create("hello").await;
    assert_eq!(
        texts(&site, "/tweet/?before=7ZZZZZZZZZZZZZZZZZZZZZZZZZ").await.0,
        ["hello"]
    );
    assert_eq!(
        texts(&site, "/tweet/?before=00000000000000000000000000").await.0,
        [""; 0]
    );
}
