//! `Idempotency-Key`: a POST that may be sent again.

use poem::{http::StatusCode, test::TestResponse};
use serde_json::{Value, json};

use super::{BODY, OTHER, all};
use crate::support::{InProcess, header, json as json_of, problem};

async fn post(service: &InProcess, key: &str, body: &str) -> TestResponse {
    let request = service.post("/widget/").header("Idempotency-Key", key);
    let request = request.content_type("application/json");
    request.body(body.to_owned()).send().await
}

/// The widget of a 201, whether it is a replay, and its location.
async fn created(response: TestResponse) -> (Value, bool, Option<String>) {
    response.assert_status(StatusCode::CREATED);
    let replayed = header(&response, "idempotent-replayed").is_some_and(|value| value == "true");
    let location = header(&response, "location");

    (json_of(response).await, replayed, location)
}

#[tokio::test]
async fn a_repeated_request_returns_the_first_widget() {
    for service in [
        InProcess::memory().await,
        InProcess::sqlite().await,
        InProcess::postgres().await,
    ] {
        let (first, replayed, location) = created(post(&service, "key-1", BODY).await).await;
        assert!(!replayed, "the first request is no replay");

        let again = created(post(&service, "key-1", BODY).await).await;
        assert_eq!(again, (first.clone(), true, location));

        let (second, replayed, _) = created(post(&service, "key-2", BODY).await).await;
        assert!(
            !replayed && second["id"] != first["id"],
            "another key, another widget"
        );
        assert_eq!(all(&service).await, json!([second, first]));
    }
}

#[tokio::test]
async fn a_key_reused_for_other_content_is_422() {
    let service = InProcess::memory().await;
    let (first, ..) = created(post(&service, "key", BODY).await).await;

    let response = post(&service, "key", OTHER).await;
    problem(response, 422).await;

    let (again, ..) = created(post(&service, "key", BODY).await).await;
    assert_eq!(again, first, "the first widget is unchanged");
}

#[tokio::test]
async fn concurrent_requests_with_one_key_store_one_widget() {
    let service = InProcess::postgres().await;
    let one = || async { created(post(&service, "concurrent", BODY).await).await };
    let (a, b, c, d) = tokio::join!(one(), one(), one(), one());
    let results = [a, b, c, d];

    let (widget, ..) = &results[0];
    assert!(results.iter().all(|(other, ..)| other == widget), "{results:?}");
    let stored = results.iter().filter(|(_, replayed, _)| !replayed);
    assert_eq!(stored.count(), 1, "{results:?}");
    assert_eq!(all(&service).await, json!([widget]));
}

#[tokio::test]
async fn a_malformed_key_is_400_and_stores_nothing() {
    let service = InProcess::memory().await;

    for key in ["", "two words", "Schlüssel", "tab\tbed", &"k".repeat(256)] {
        let body = problem(post(&service, key, BODY).await, 400).await;
        let expected =
            json!([{"pointer": "/Idempotency-Key", "detail": "must be 1 to 255 visible ASCII characters"}]);
        assert_eq!(body["errors"], expected, "{key:?}");
    }

    let two_keys = service
        .post("/widget/")
        .header("Idempotency-Key", "a")
        .header("Idempotency-Key", "b");
    problem(two_keys.content_type("application/json").body(BODY).send().await, 400).await;
    assert_eq!(all(&service).await, json!([]));
}
