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
        let response = service.get(&path.expect("a link to older widgets")).await;
        assert_eq!(response.status(), 200);

        path = header(response.headers(), "link").map(next_path);
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

/// Path and query of the next page.
fn next_path(link: &str) -> String {
    let url = link
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix(">; rel=\"next\""))
        .unwrap_or_else(|| panic!("not a link to the next page: {link}"));

    let url = Url::parse(url).expect("an absolute URL");
    format!("{}?{}", url.path(), url.query().expect("a query"))
}
