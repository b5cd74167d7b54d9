//! The OpenAPI document and the page that shows it.

use serde_json::Value;

use crate::support::{Service, header};

/// The document in the repository, from which the client is generated.
pub(crate) fn document() -> Value {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/openapi.json"));
    serde_json::from_str(text).expect("JSON")
}

/// An operation of the document.
pub(crate) struct Operation {
    pub(crate) path: String,
    /// In capitals.
    pub(crate) method: String,
    pub(crate) id: String,
    /// The documented statuses.
    pub(crate) statuses: Vec<String>,
}

/// Every operation of the document.
pub(crate) fn operations() -> Vec<Operation> {
    let document = document();
    let mut operations = Vec::new();

    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("operations") {
            let responses = operation["responses"].as_object().expect("responses");
            operations.push(Operation {
                path: path.clone(),
                method: method.to_uppercase(),
                id: operation["operationId"].as_str().expect("an id").to_owned(),
                statuses: responses.keys().cloned().collect(),
            });
        }
    }
    operations
}

#[tokio::test]
async fn served_document_equals_the_one_in_the_repository() {
    let service = Service::reach();

    let response = service.get("/openapi.json").await;

    assert_eq!(
        header(response.headers(), "content-type"),
        Some("application/json")
    );
    let served: Value = response.json().await.expect("JSON");
    assert!(
        served == document(),
        "the service serves another document than openapi/openapi.json"
    );
}

#[tokio::test]
async fn root_redirects_to_a_page_with_every_operation() {
    let service = Service::reach();

    let root = service.get("/").await;
    assert_eq!(root.status(), 307);
    assert_eq!(header(root.headers(), "location"), Some("/docs"));

    let page = service.get("/docs").await;
    assert_eq!(page.status(), 200);
    assert_eq!(
        header(page.headers(), "content-type"),
        Some("text/html; charset=utf-8")
    );

    let html = page.text().await.expect("text");
    assert!(html.contains("SwaggerUIBundle("), "the page is another");
    for Operation { id, .. } in operations() {
        assert!(html.contains(&id), "the page lacks {id}");
    }
}
