//! `POST /widget/`: what is stored and returned.

use poem::http::StatusCode;

use super::{BODY, OTHER, content, create, get, parsed};
use crate::support::{InProcess, header, json as json_of};

#[tokio::test]
async fn created_widget_is_found_at_its_location() {
    let service = InProcess::memory().await;
    let host = "api.localhost:81";

    for body in [BODY, OTHER] {
        let request = service.post("/widget/").header("host", host);
        let response = request.content_type("application/json").body(body).send().await;
        response.assert_status(StatusCode::CREATED);
        response.assert_content_type("application/json");
        let location = header(&response, "location").expect("Location");
        assert_eq!(header(&response, "etag").as_deref(), Some("\"1\""));
        let widget = json_of(response).await;

        let id = widget["id"].as_str().expect("an id");
        assert_eq!(location, format!("http://{host}/widget/{id}"));
        assert_eq!(widget["href"], location.as_str());
        assert_eq!(content(&widget), parsed(body));
        let timestamp = widget["timestamp"].as_str().expect("a timestamp");
        assert!(
            timestamp.len() == 24 && timestamp.ends_with('Z'),
            "RFC 3339, UTC, milliseconds: {timestamp}"
        );

        let found = service.get(format!("/widget/{id}")).header("host", host);
        found.send().await.assert_json(&widget).await;
    }
}

#[tokio::test]
async fn ids_increase_from_widget_to_widget() {
    let service = InProcess::memory().await;
    let mut ids = Vec::new();

    for _ in 0..50 {
        let created = create(&service).await;
        ids.push(created.widget["id"].as_str().expect("an id").to_owned());
    }

    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

#[tokio::test]
async fn created_widget_is_stored_in_every_store() {
    for service in [
        InProcess::memory().await,
        InProcess::sqlite().await,
        InProcess::postgres().await,
    ] {
        let created = create(&service).await;
        assert_eq!(get(&service, &created.path).await, created.widget);
    }
}
