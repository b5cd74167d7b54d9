//! Paging through tweets by the `Link` header.

use std::collections::HashSet;

use reqwest::{Url, header::HeaderMap};
use system_test::types::{Tweet, TweetId};

use crate::support::{Service, example, header};

/// A limit for the search, because other clients may create tweets at the same time.
const MAX_PAGES: usize = 100;

#[tokio::test]
async fn following_next_links_returns_every_tweet_once_newest_first() {
    let service = Service::reach();
    let mut created = Vec::new();
    for number in 0..5 {
        let text = format!("page through me, {number}");
        created.push(example::create(&service, &text).await.id);
    }
    created.reverse();

    let pages = pages_until_found(&service, &created).await;

    assert!(pages.iter().all(|page| page.len() <= 2), "{pages:?}");
    let listed: Vec<_> = pages.into_iter().flatten().map(|tweet| tweet.id).collect();
    let distinct: HashSet<_> = listed.iter().collect();
    assert_eq!(
        distinct.len(),
        listed.len(),
        "a tweet was listed twice: {listed:?}"
    );
    let found: Vec<_> = listed.into_iter().filter(|id| created.contains(id)).collect();
    assert_eq!(found, created, "newest first");
}

/// Reads pages of two tweets until all these ids were listed.
async fn pages_until_found(service: &Service, ids: &[TweetId]) -> Vec<Vec<Tweet>> {
    let first = service.client.list_tweets().limit(2).send().await.expect("200");
    let mut next = next_link(first.headers());
    let mut pages = vec![first.into_inner()];

    let is_listed = |pages: &[Vec<Tweet>], id: &TweetId| pages.iter().flatten().any(|tweet| tweet.id == *id);
    while !ids.iter().all(|id| is_listed(&pages, id)) {
        assert!(
            pages.len() < MAX_PAGES,
            "new tweets are not on the first {MAX_PAGES} pages"
        );
        let path = next.expect("a link to older tweets");
        let response = service.get(&path).await;
        assert_eq!(response.status(), 200, "{path}");

        next = next_link(response.headers());
        pages.push(response.json().await.expect("tweets"));
    }
    pages
}

#[tokio::test]
async fn page_before_the_oldest_tweet_is_empty_and_has_no_link() {
    let service = Service::reach();
    let lowest_id = "00000000000000000000000000";

    let request = service.client.list_tweets().before(lowest_id);
    let response = request.send().await.expect("200");

    assert_eq!(next_link(response.headers()), None);
    assert!(response.into_inner().is_empty());
}

/// Path and query of the next page, if the response has a `Link` to one.
fn next_link(headers: &HeaderMap) -> Option<String> {
    let link = header(headers, "link")?;
    let url = link
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix(">; rel=\"next\""))
        .unwrap_or_else(|| panic!("not a link to the next page: {link}"));

    let url = Url::parse(url).expect("an absolute URL");
    Some(format!("{}?{}", url.path(), url.query().expect("a query")))
}
