//! The document and its pages.

use poem::http::StatusCode;
use serde_json::Value;

use crate::support::Site;
use crate::support::header;

#[tokio::test]
async fn the_root_leads_to_the_documentation() {
    let site = Site::memory().await;
    let answer = site.client.get("/").send().await;
    answer.assert_status(StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(header(&answer, "location").as_deref(), Some("/docs"));
}

#[tokio::test]
async fn the_documentation_loads_nothing_from_elsewhere() {
    let site = Site::memory().await;
    let answer = site.client.get("/docs").send().await;
    answer.assert_content_type("text/html; charset=utf-8");
    let html = answer.0.into_body().into_string().await.expect("text");
    assert!(
        html.contains("SwaggerUIBundle("),
        "Swagger UI itself is in the page"
    );
    for loader in [
        "<script src",
        "<link rel=\"stylesheet",
        "<img ",
        "<iframe",
        "@import",
        "src=\"http",
        "url(http",
    ] {
        assert!(!html.contains(loader), "{loader}");
    }
}

#[tokio::test]
async fn the_document_is_served_as_json_and_as_yaml() {
    let site = Site::memory().await;
    let answer = site.client.get("/openapi.json").send().await;
    answer.assert_content_type("application/json");
    let json: Value = answer.json().await.value().deserialize();
    assert_eq!(
        json,
        serde_json::from_str::<Value>(&openapi::spec()).expect("JSON")
    );
    let answer = site.client.get("/openapi.yaml").send().await;
    answer.assert_content_type("application/yaml");
    assert!(
        answer
            .0
            .into_body()
            .into_string()
            .await
            .expect("text")
            .starts_with("openapi: 3.0")
    );
}

#[test]
fn every_operation_is_fit_for_a_generated_client() {
    let document: Value = serde_json::from_str(&openapi::spec()).expect("JSON");
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.0"))
    );
    let paths = document["paths"].as_object().expect("paths");
    assert_eq!(
        paths.keys().collect::<Vec<_>>(),
        ["/healthcheck/", "/livez", "/tweet/", "/tweet/{id}"]
    );
    let mut ids = Vec::new();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().expect("operations") {
            let name = format!("{method} {path}");
            ids.push(
                operation["operationId"]
                    .as_str()
                    .expect("an operationId")
                    .to_owned(),
            );
            assert_eq!(
                operation["tags"].as_array().map(Vec::len),
                Some(1),
                "{name} has one tag"
            );
            assert!(operation["summary"].is_string(), "{name} has a summary");
            for (status, response) in operation["responses"].as_object().expect("responses") {
                assert!(
                    response["description"]
                        .as_str()
                        .is_some_and(|text| !text.is_empty()),
                    "{name} {status}"
                );
                let headers = response["headers"].as_object().expect("headers");
                assert!(headers.contains_key("X-REQUEST-ID"), "{name} {status}");
                let error: u16 = status.parse().expect("a status");
                if error >= 400 && path.starts_with("/tweet") {
                    let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                    assert_eq!(schema, "#/components/schemas/Problem", "{name} {status}");
                }
            }
        }
    }
    ids.sort();
    assert_eq!(
        ids,
        ["createTweet", "getTweet", "healthcheck", "listTweets", "livez"]
    );
    for name in ["Tweet", "NewTweet", "Problem", "Health"] {
        assert!(
            document["components"]["schemas"][name]["example"].is_object(),
            "{name} has an example"
        );
    }
}
