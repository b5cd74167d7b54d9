//! `GET /widget/{id}`: versions, conditional requests, ids.

use super::{OTHER, create, put};
use crate::support::{InProcess, header, problem, status_of};

#[tokio::test]
async fn copy_is_current_until_the_widget_changes() {
    let service = InProcess::memory().await;
    let created = create(&service).await;
    let get = |tags: &str| {
        let request = service.get(&created.path);
        request.header("If-None-Match", tags).send()
    };

    let response = service.get(&created.path).send().await;
    assert_eq!(header(&response, "etag"), Some(created.tag.clone()));
    assert_eq!(header(&response, "cache-control").as_deref(), Some("no-cache"));

    let current = get(&created.tag).await;
    assert_eq!(status_of(&current), 304);
    assert_eq!(header(&current, "etag"), Some(created.tag.clone()));
    assert_eq!(header(&current, "cache-control").as_deref(), Some("no-cache"));
    current.assert_text("").await;

    let updated = put(&service, &created.path, &created.tag, OTHER).await;
    let new_tag = header(&updated, "etag").expect("an ETag");
    let changed = get(&created.tag).await;
    assert_eq!(status_of(&changed), 200);
    assert_eq!(header(&changed, "etag").as_deref(), Some(&*new_tag));
    assert_eq!(status_of(&get(&new_tag).await), 304);
}

#[tokio::test]
async fn unknown_and_malformed_ids_are_404() {
    let service = InProcess::memory().await;
    create(&service).await;

    for id in [
        "01KAN2FGVXM1SY9VXF7MJ4Z7QV",
        "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
        "1",
        "%00",
        "..%2f..%2fetc",
    ] {
        let response = service.get(format!("/widget/{id}")).send().await;
        let body = problem(response, 404).await;
        assert_eq!(body["detail"], "no widget has this id", "{id}");
    }
}
