//! The document as it is served, and the pages that show it.

use poem::http::StatusCode;
use serde_json::Value;

use super::operation::DOCUMENT;
use crate::support::{InProcess, header, json, text};

#[tokio::test]
async fn the_root_redirects_to_the_documentation() {
    let service = InProcess::memory().await;
    let response = service.get("/").send().await;

    response.assert_status(StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(header(&response, "location").as_deref(), Some("/docs"));
}

#[tokio::test]
async fn the_documentation_page_loads_nothing_from_other_hosts() {
    let service = InProcess::memory().await;
    let response = service.get("/docs").send().await;
    response.assert_content_type("text/html; charset=utf-8");
    let html = text(response).await;

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

/// A lock asks for a token, which nobody has for a service without tokens.
#[tokio::test]
async fn the_documentation_page_shows_locks_only_if_tokens_are_configured() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let tokens = folder.path().join("tokens");
    std::fs::write(&tokens, "# no tokens\n").expect("a token file");
    let tokens = ("API_TOKENS_FILE", tokens.to_str().expect("a path"));

    for (configured, expected) in [(vec![], false), (vec![tokens], true)] {
        let service = InProcess::with(&configured).await;
        let html = text(service.get("/docs").send().await).await;
        let (_, script) = html.split_once("let spec = ").expect("the script");
        let document = script.lines().next().expect("a line");

        for member in ["\"securitySchemes\":", "\"security\":[{"] {
            assert_eq!(document.contains(member), expected, "{configured:?}: {member}");
        }
        // Clients that are generated from it can send a token to any instance.
        let served: Value = json(service.get("/openapi.json").send().await).await;
        assert_eq!(served, *DOCUMENT);
    }
}

#[tokio::test]
async fn the_document_is_served_as_json_and_as_yaml() {
    let service = InProcess::memory().await;

    let response = service.get("/openapi.json").send().await;
    response.assert_content_type("application/json");
    let served: Value = json(response).await;
    assert_eq!(served, *DOCUMENT);

    let response = service.get("/openapi.yaml").send().await;
    response.assert_content_type("application/yaml");
    assert!(text(response).await.starts_with("openapi: 3.0"));
}
