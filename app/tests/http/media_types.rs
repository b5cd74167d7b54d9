//! The media types of bodies.

use poem::test::TestResponse;

use crate::support::{
    InProcess,
    example::{self, COLLECTION},
    problem, status_of,
};

async fn post(service: &InProcess, media_type: &str) -> TestResponse {
    let request = service.post(COLLECTION).content_type(media_type);
    request.body(example::body("hello")).send().await
}

#[tokio::test]
async fn every_json_media_type_is_accepted() {
    let service = InProcess::memory().await;

    for media_type in [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/vnd.api+json",
    ] {
        let response = post(&service, media_type).await;
        assert_eq!(status_of(&response), 201, "{media_type}");
    }
}

#[tokio::test]
async fn any_media_type_but_json_is_415() {
    let service = InProcess::memory().await;

    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "nonsense",
        "multipart/form-data; boundary=x",
    ] {
        let body = problem(post(&service, media_type).await, 415).await;
        let detail = "the Content-Type must be application/json";
        assert_eq!(body["detail"], detail, "{media_type}");
    }

    let without_a_type = service.post(COLLECTION).body(example::body("hello")).send().await;
    problem(without_a_type, 415).await;
}
