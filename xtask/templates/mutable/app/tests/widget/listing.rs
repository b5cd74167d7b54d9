//! `GET /widget/`: pages and their links.

use serde_json::{Value, json};

use super::{OTHER, all, create, delete, put};
use crate::support::{InProcess, header, json as json_of, link, problem, status_of};

/// The ids of a page, and the path of the next one.
async fn page(service: &InProcess, path: &str) -> (Vec<Value>, Option<String>) {
    let response = service.get(path).header("host", "api.localhost").send().await;
    assert_eq!(status_of(&response), 200, "{path}");
    let next = link(&response, "next").map(|url| {
        let path = url.strip_prefix("http://api.localhost");
        path.expect("an absolute next link").to_owned()
    });

    let body = json_of(response).await;
    let widgets = body.as_array().expect("an array").iter();
    (widgets.map(|widget| widget["id"].clone()).collect(), next)
}

#[tokio::test]
async fn without_widgets_the_page_is_an_empty_array() {
    let service = InProcess::memory().await;
    assert_eq!(all(&service).await, json!([]));
}

#[tokio::test]
async fn next_links_lead_through_all_pages_newest_first_while_widgets_are_removed() {
    let service = InProcess::memory().await;
    let mut created = Vec::new();
    for _ in 0..7 {
        created.push(create(&service).await);
    }
    created.reverse();

    let (first, next) = page(&service, "/widget/?limit=3").await;
    // The last of the first page, before which the second begins.
    delete(&service, &created[2].path, "*").await;
    let (second, next) = page(&service, &next.expect("a second page")).await;
    let (third, next) = page(&service, &next.expect("a third page")).await;

    assert_eq!(next, None);
    let ids: Vec<_> = created.iter().map(|created| created.widget["id"].clone()).collect();
    assert_eq!([first, second, third].concat(), ids);
    assert_eq!(all(&service).await.as_array().map(Vec::len), Some(6));
}

#[tokio::test]
async fn newer_widgets_are_listed_after_an_id_oldest_first_while_widgets_are_removed() {
    let service = InProcess::memory().await;
    let mut created = Vec::new();
    for _ in 0..6 {
        created.push(create(&service).await);
    }
    let ids: Vec<_> = created.iter().map(|created| created.widget["id"].clone()).collect();

    let path = format!("/widget/?limit=3&after={}", ids[0].as_str().expect("an id"));
    let (first, next) = page(&service, &path).await;
    // The last of the first page, after which the second begins.
    delete(&service, &created[3].path, "*").await;
    let (second, next) = page(&service, &next.expect("a second page")).await;

    assert_eq!(next, None);
    assert_eq!([first, second].concat(), ids[1..]);
}

#[tokio::test]
async fn all_invalid_parameters_are_reported_at_once() {
    let service = InProcess::memory().await;
    let response = service.get("/widget/?limit=201&before=x&reverse=1").send().await;

    let body = problem(response, 400).await;
    let pointers: Vec<_> = body["errors"].as_array().expect("an array").iter().collect();
    let pointers: Vec<_> = pointers.iter().map(|error| &error["pointer"]).collect();
    assert_eq!(pointers, ["/limit", "/before", "/reverse"]);
}

#[tokio::test]
async fn tag_of_a_page_changes_with_updates_and_removals() {
    let service = InProcess::memory().await;
    let (first, second) = (create(&service).await, create(&service).await);
    let get = async |tags: &str| {
        let request = service.get("/widget/?limit=1").header("if-none-match", tags);
        let response = request.send().await;
        (status_of(&response), header(&response, "etag").expect("an ETag"))
    };

    let (_, mut tag) = get("").await;
    assert_eq!(get(&tag).await, (304, tag.clone()));
    put(&service, &second.path, "*", OTHER).await.assert_status_is_ok();
    let (status, updated) = get(&tag).await;
    assert_eq!(status, 200, "an item was updated");
    assert_ne!(updated, tag);

    // The same item, without a link to older ones.
    tag = updated;
    delete(&service, &first.path, "*").await;
    let (status, last) = get(&tag).await;
    assert_eq!(status, 200, "the last of the older items was removed");
    assert_ne!(last, tag);
}
