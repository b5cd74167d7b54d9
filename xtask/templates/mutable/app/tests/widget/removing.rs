//! `DELETE /widget/{id}`.

use poem::http::{Method, StatusCode};
use serde_json::json;

use super::{BODY, OTHER, all, create, delete, get, put, write};
use crate::support::{InProcess, header, problem, status_of};

#[tokio::test]
async fn removed_widget_is_gone() {
    for service in [
        InProcess::memory().await,
        InProcess::sqlite().await,
        InProcess::postgres().await,
    ] {
        let (kept, created) = (create(&service).await, create(&service).await);

        let response = delete(&service, &created.path, &created.tag).await;
        response.assert_status(StatusCode::NO_CONTENT);
        assert_eq!(header(&response, "content-type"), None);
        response.assert_text("").await;

        problem(service.get(&created.path).send().await, 404).await;
        for if_match in [&*created.tag, "*"] {
            problem(delete(&service, &created.path, if_match).await, 404).await;
            problem(put(&service, &created.path, if_match, BODY).await, 404).await;
        }
        assert_eq!(all(&service).await, json!([kept.widget]));
    }
}

#[tokio::test]
async fn removal_needs_the_current_entity_tag() {
    let service = InProcess::memory().await;
    let created = create(&service).await;
    put(&service, &created.path, &created.tag, OTHER).await;
    let before = get(&service, &created.path).await;

    for (if_match, status) in [
        (None, 428),
        (Some(&*created.tag), 412),
        (Some("\"other\""), 412),
        (Some("W/\"2\""), 412),
        (Some("2"), 400),
    ] {
        let response = write(&service, Method::DELETE, &created.path, if_match, "").await;
        problem(response, status).await;
        assert_eq!(get(&service, &created.path).await, before, "{if_match:?}");
    }

    let response = delete(&service, &created.path, "\"2\"").await;
    response.assert_status(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn of_a_racing_removal_and_updates_one_wins() {
    for service in [
        InProcess::memory().await,
        InProcess::sqlite().await,
        InProcess::postgres().await,
    ] {
        let created = create(&service).await;
        let put = || put(&service, &created.path, &created.tag, OTHER);
        let delete = || delete(&service, &created.path, &created.tag);

        let (a, b, c, d) = tokio::join!(put(), delete(), put(), delete());
        let statuses = [a, b, c, d].each_ref().map(status_of);

        let won = statuses.iter().filter(|status| **status < 300).count();
        assert_eq!(won, 1, "{statuses:?}");
        let lost = statuses.iter().filter(|status| matches!(**status, 404 | 412)).count();
        assert_eq!(lost, 3, "{statuses:?}");
    }
}
