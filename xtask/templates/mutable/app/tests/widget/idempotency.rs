//! `Idempotency-Key`: a POST that may be sent again, also after the widget has changed.

use poem::{http::StatusCode, test::TestResponse};
use serde_json::{Value, json};

use super::{BODY, OTHER, all, delete, put};
use crate::support::{InProcess, header, json as json_of, problem};

async fn post(service: &InProcess, key: &str, body: &str) -> TestResponse {
    let request = service.post("/widget/").header("Idempotency-Key", key);
    request
        .content_type("application/json")
        .body(body.to_owned())
        .send()
        .await
}

/// The widget of a 201, its entity tag, and whether it is a replay.
async fn created(response: TestResponse) -> (Value, String, bool) {
    response.assert_status(StatusCode::CREATED);
    let replayed = header(&response, "idempotent-replayed").is_some_and(|value| value == "true");
    let tag = header(&response, "etag").expect("an ETag");

    (json_of(response).await, tag, replayed)
}

fn path(widget: &Value) -> String {
    format!("/widget/{}", widget["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn repeated_request_returns_the_first_widget_as_it_is_now() {
    for service in [
        InProcess::memory().await,
        InProcess::sqlite().await,
        InProcess::postgres().await,
    ] {
        let (first, tag, replayed) = created(post(&service, "key", BODY).await).await;
        assert!(!replayed, "the first request is no replay");
        let again = created(post(&service, "key", BODY).await).await;
        assert_eq!(again, (first.clone(), tag.clone(), true));

        let updated = json_of(put(&service, &path(&first), &tag, OTHER).await).await;
        let again = created(post(&service, "key", BODY).await).await;
        assert_eq!(again, (updated.clone(), "\"2\"".to_owned(), true));

        let (second, _, replayed) = created(post(&service, "key-2", BODY).await).await;
        assert!(!replayed && second["id"] != first["id"], "another key");
        assert_eq!(all(&service).await, json!([second, updated]));
    }
}

#[tokio::test]
async fn key_that_is_reused_for_other_content_is_422_whatever_the_widget_has_become() {
    let service = InProcess::memory().await;
    let (first, tag, _) = created(post(&service, "key", BODY).await).await;
    problem(post(&service, "key", OTHER).await, 422).await;

    put(&service, &path(&first), &tag, OTHER).await;
    problem(post(&service, "key", OTHER).await, 422).await;
}

#[tokio::test]
async fn key_of_a_removed_widget_is_new_again() {
    for service in [
        InProcess::memory().await,
        InProcess::sqlite().await,
        InProcess::postgres().await,
    ] {
        let (first, tag, _) = created(post(&service, "key", BODY).await).await;
        delete(&service, &path(&first), &tag).await;

        let (second, _, replayed) = created(post(&service, "key", OTHER).await).await;
        assert!(!replayed && second["id"] != first["id"]);
        assert_eq!(all(&service).await, json!([second]));
    }
}

#[tokio::test]
async fn concurrent_requests_with_one_key_store_one_widget() {
    let service = InProcess::postgres().await;
    let one = || async { created(post(&service, "concurrent", BODY).await).await };
    let (a, b, c, d) = tokio::join!(one(), one(), one(), one());
    let results = [a, b, c, d];

    let (widget, ..) = &results[0];
    assert!(results.iter().all(|(other, ..)| other == widget), "{results:?}");
    let stored = results.iter().filter(|(.., replayed)| !replayed);
    assert_eq!(stored.count(), 1, "{results:?}");
    assert_eq!(all(&service).await, json!([widget]));
}
