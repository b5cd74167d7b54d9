//! `PUT /widget/{id}`: replacement, versions, lost updates.

use poem::http::{Method, StatusCode};
use serde_json::json;

use super::{BODY, OTHER, all, content, create, get, parsed, put, write};
use crate::support::{InProcess, header, json as json_of, problem, status_of};

#[tokio::test]
async fn update_replaces_all_members_and_nothing_else() {
    for service in [
        InProcess::memory().await,
        InProcess::sqlite().await,
        InProcess::postgres().await,
    ] {
        let created = create(&service).await;

        for (tag, next, body) in [("\"1\"", "\"2\"", OTHER), ("\"2\"", "\"3\"", BODY)] {
            let response = put(&service, &created.path, tag, body).await;
            response.assert_status(StatusCode::OK);
            assert_eq!(header(&response, "etag").as_deref(), Some(next));
            let updated = json_of(response).await;

            assert_eq!(content(&updated), parsed(body), "absent members are removed");
            for own in ["id", "timestamp", "href"] {
                assert_eq!(updated[own], created.widget[own], "{own}");
            }
            assert_eq!(get(&service, &created.path).await, updated);
            assert_eq!(all(&service).await, json!([updated]));
        }
    }
}

#[tokio::test]
async fn update_needs_the_current_entity_tag() {
    let service = InProcess::memory().await;
    let created = create(&service).await;
    let second = put(&service, &created.path, &created.tag, BODY).await;
    let tag = header(&second, "etag").expect("an ETag");
    let before = get(&service, &created.path).await;

    let weak = format!("W/{tag}");
    for (if_match, status) in [
        (None, 428),
        (Some(&*created.tag), 412),
        (Some("\"3\""), 412),
        (Some("\"other\""), 412),
        (Some(&*weak), 412),
        (Some("2"), 400),
        (Some(""), 400),
        (Some("*, \"2\""), 400),
    ] {
        let response = write(&service, Method::PUT, &created.path, if_match, OTHER).await;
        let problem = problem(response, status).await;
        if status == 400 {
            assert_eq!(problem["errors"][0]["pointer"], "/If-Match", "{if_match:?}");
        }
        assert_eq!(get(&service, &created.path).await, before, "{if_match:?}");
    }

    let listed = format!("\"7\", {tag}");
    for (if_match, next) in [(&*listed, "\"3\""), ("*", "\"4\"")] {
        let response = put(&service, &created.path, if_match, OTHER).await;
        assert_eq!(status_of(&response), 200, "{if_match}");
        assert_eq!(header(&response, "etag").as_deref(), Some(next));
    }
}

#[tokio::test]
async fn what_does_not_exist_is_not_updated() {
    let service = InProcess::memory().await;

    for id in ["01KAN2FGVXM1SY9VXF7MJ4Z7QV", "1", "%00"] {
        for if_match in ["*", "\"1\""] {
            let response = put(&service, &format!("/widget/{id}"), if_match, BODY).await;
            problem(response, 404).await;
        }
    }
    assert_eq!(all(&service).await, json!([]));
}

/// All have read the same version. One writes; the others must read again, or its change would be lost.
#[tokio::test]
async fn of_racing_updates_one_wins_and_the_others_are_412() {
    for service in [
        InProcess::memory().await,
        InProcess::sqlite().await,
        InProcess::postgres().await,
    ] {
        let mut created = create(&service).await;

        for _ in 0..5 {
            let put = |body| put(&service, &created.path, &created.tag, body);
            let (a, b, c, d) = tokio::join!(put(OTHER), put(BODY), put(OTHER), put(BODY));
            let responses = [a, b, c, d];

            let mut statuses = responses.each_ref().map(status_of);
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 412, 412, 412]);
            let winner = responses.into_iter().find(|response| status_of(response) == 200);
            let winner = winner.expect("a winner");
            created.tag = header(&winner, "etag").expect("an ETag");
            assert_eq!(get(&service, &created.path).await, json_of(winner).await);
        }
        assert_eq!(created.tag, "\"6\"");
    }
}
