//! Paging through tweets by the `Link` header.

use std::collections::HashSet;

use system_test::types::Tweet;

use crate::support::service::{Service, header};

/// The answer's tweets are the newest first, and others may be storing theirs meanwhile.
#[tokio::test]
async fn links_lead_through_all_tweets_once() {
    let service = Service::reach();
    let mut mine = Vec::new();
    for number in 0..5 {
        mine.push(service.create(&format!("page through me, {number}")).await.id);
    }
    mine.reverse();

    let first = service.client.list_tweets().limit(2).send().await.expect("200");
    let mut next = next_link(first.headers());
    let mut pages = vec![first.into_inner()];
    while mine
        .iter()
        .any(|id| !pages.iter().flatten().any(|tweet| tweet.id == *id))
    {
        assert!(
            pages.len() < 100,
            "five new tweets are not on the first 100 pages"
        );
        let path = next.expect("a link to older tweets");
        let answer = service.get(&path).await;
        assert_eq!(answer.status(), 200, "{path}");
        next = next_link(answer.headers());
        pages.push(answer.json().await.expect("tweets"));
    }

    assert!(pages.iter().all(|page: &Vec<Tweet>| page.len() <= 2), "{pages:?}");
    let ids: Vec<_> = pages.into_iter().flatten().map(|tweet| tweet.id).collect();
    assert_eq!(
        ids.iter().collect::<HashSet<_>>().len(),
        ids.len(),
        "a tweet is there twice: {ids:?}"
    );
    let found: Vec<_> = ids.into_iter().filter(|id| mine.contains(id)).collect();
    assert_eq!(found, mine, "the newest first");
}

#[tokio::test]
async fn the_last_page_leads_nowhere() {
    let service = Service::reach();
    let first_ever = "00000000000000000000000000";
    let answer = service
        .client
        .list_tweets()
        .before(first_ever)
        .send()
        .await
        .expect("200");
    assert_eq!(next_link(answer.headers()), None);
    assert!(answer.into_inner().is_empty());
}

/// The path and query that `Link` has for the next page.
fn next_link(headers: &reqwest::header::HeaderMap) -> Option<String> {
    let link = header(headers, "link")?;
    let url = link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"");
    let url = reqwest::Url::parse(url.unwrap_or_else(|| panic!("a link to the next page: {link}")));
    let url = url.expect("an absolute URL");
    Some(format!("{}?{}", url.path(), url.query().expect("a query")))
}
