//! Paging through widgets by the `Link` header.

use reqwest::Url;
use system_test::types::{Widget, WidgetId};

use super::create;
use crate::support::{Service, header};

/// A limit for the search, because other clients may create widgets at the same time.
const MAX_PAGES: usize = 100;

#[tokio::test]
async fn following_next_links_returns_every_widget_once_newest_first() {
    let service = Service::reach();
    let mut created: Vec<WidgetId> = Vec::new();
    for _ in 0..5 {
        created.push(create(&service).await.id);
    }
    created.reverse();

    let mut listed: Vec<WidgetId> = Vec::new();
    let mut path = Some("/widget/?limit=2".to_owned());
    for _ in 0..MAX_PAGES {
        if created.iter().all(|id| listed.contains(id)) {
            break;
        }
        let response = service.get(&path.expect("a link to the next page")).await;
        assert_eq!(response.status(), 200);

        path = header(response.headers(), "link").and_then(next_path);
        let page: Vec<Widget> = response.json().await.expect("widgets");
        assert!(page.len() <= 2, "{page:?}");
        listed.extend(page.into_iter().map(|widget| widget.id));
    }

    assert!(
        listed.is_sorted_by(|a, b| a.as_str() > b.as_str()),
        "newest first, none twice: {listed:?}"
    );
    listed.retain(|id| created.contains(id));
    assert_eq!(listed, created);
}

#[tokio::test]
async fn a_client_that_polls_after_an_id_gets_newer_widgets_oldest_first() {
    let service = Service::reach();
    let known = create(&service).await.id;
    let mut created: Vec<WidgetId> = Vec::new();
    for _ in 0..5 {
        created.push(create(&service).await.id);
    }

    let mut listed: Vec<WidgetId> = Vec::new();
    let mut path = Some(format!("/widget/?limit=2&after={}", known.as_str()));
    for _ in 0..MAX_PAGES {
        let Some(next) = path else { break };
        let response = service.get(&next).await;
        assert_eq!(response.status(), 200);

        path = header(response.headers(), "link").and_then(next_path);
        let page: Vec<Widget> = response.json().await.expect("widgets");
        listed.extend(page.into_iter().map(|widget| widget.id));
    }

    assert!(
        listed.is_sorted_by(|a, b| a.as_str() < b.as_str()),
        "oldest first, none twice: {listed:?}"
    );
    listed.retain(|id| created.contains(id));
    assert_eq!(listed, created);
}

/// Path and query of the next page, if the header field links to one.
fn next_path(links: &str) -> Option<String> {
    let mut links = links.split(", ");
    let url = links.find_map(|link| link.strip_prefix('<')?.strip_suffix(">; rel=\"next\""))?;

    let url = Url::parse(url).expect("an absolute URL");
    Some(format!("{}?{}", url.path(), url.query().expect("a query")))
}
