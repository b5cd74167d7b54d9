//! The document as it is served, and the pages that show it.

use poem::http::StatusCode;
use serde_json::Value;

use super::operation::DOCUMENT;
use crate::support::{InProcess, bytes, gunzip, header, json, report, status_of, text};

const PAGES: [&str; 3] = ["/docs", "/openapi.json", "/openapi.yaml"];

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

/// Without a doctype, browsers imitate the errors of old ones.
#[tokio::test]
async fn the_documentation_page_has_a_doctype_a_language_and_the_name_of_the_service() {
    let service = InProcess::memory().await;
    let html = text(service.get("/docs").send().await).await;
    let (head, _) = html.split_once("<style").expect("a style sheet");

    assert!(head.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"), "{head}");
    let name = DOCUMENT["info"]["title"].as_str().expect("a title");
    for part in [
        "<meta charset=\"utf-8\">",
        "<meta name=\"viewport\" content=\"width=device-width\">",
        &format!("<title>{name}</title>"),
    ] {
        assert_eq!(head.matches(part).count(), 1, "{part}: {head}");
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

#[tokio::test]
async fn pages_in_gzip_are_the_same_in_a_fraction_of_the_bytes() {
    let prefixed = [("PUBLIC_URL", "http://localhost/microblog")];

    for variables in [&[][..], &prefixed] {
        let service = InProcess::with(variables).await;

        for path in PAGES {
            let get = |codings: &str| service.get(path).header("accept-encoding", codings).send();
            let (compressed, plain) = (get("gzip").await, get("identity").await);

            for (response, coding) in [(&compressed, Some("gzip")), (&plain, None)] {
                assert_eq!(header(response, "content-encoding").as_deref(), coding, "{path}");
                assert_eq!(
                    header(response, "vary").as_deref(),
                    Some("accept-encoding"),
                    "{path}"
                );
            }
            for name in ["etag", "content-type", "cache-control", "content-security-policy"] {
                assert_eq!(header(&compressed, name), header(&plain, name), "{path}: {name}");
            }

            let (compressed, plain) = (bytes(compressed).await, bytes(plain).await);
            report(&format!(
                "{path}: {} bytes, {} in gzip",
                plain.len(),
                compressed.len()
            ));
            assert_eq!(gunzip(&compressed).as_bytes(), plain, "{path}");
            assert!(3 * compressed.len() < plain.len(), "{path}: {}", compressed.len());
        }
    }
}

/// Header fields of a 304 replace those of the copy that the client has (RFC 9111, 3.2), so the policy of the page is
/// among them: under that of other responses, the page would not run.
#[tokio::test]
async fn current_copy_of_a_page_is_a_304_with_the_policy_of_the_page() {
    let service = InProcess::memory().await;

    for path in PAGES {
        let first = service.get(path).send().await;
        let tag = header(&first, "etag").unwrap_or_else(|| panic!("{path}: an ETag"));
        let get = |tags: &str| service.get(path).header("if-none-match", tags).send();

        let current = get(&tag).await;
        assert_eq!(status_of(&current), 304, "{path}");
        for name in ["etag", "vary", "cache-control", "content-security-policy"] {
            assert_eq!(header(&current, name), header(&first, name), "{path}: {name}");
        }
        current.assert_text("").await;
        assert_eq!(status_of(&get("\"other\"").await), 200, "{path}");
    }
}

#[tokio::test]
async fn tag_of_the_document_changes_with_its_servers() {
    let plain = InProcess::memory().await;
    let prefixed = InProcess::with(&[("PUBLIC_URL", "http://localhost/microblog")]).await;

    for path in ["/openapi.json", "/openapi.yaml"] {
        let (here, there) = (plain.get(path).send().await, prefixed.get(path).send().await);
        assert_ne!(header(&here, "etag"), header(&there, "etag"), "{path}");
    }
}
