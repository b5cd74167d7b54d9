//! The OpenAPI document and its page. Everything comes from the binary: the page loads nothing from other hosts.

use std::sync::LazyLock;

use bytes::Bytes;
use poem::{
    IntoResponse, Response,
    http::{HeaderValue, header::CONTENT_SECURITY_POLICY},
    web::Redirect,
};
use poem_openapi::{
    ApiResponse, OpenApi,
    registry::{MetaResponses, Registry},
};

use crate::{Dependencies, document, http::csp};

/// The document and its page, made when they are first requested: that takes some milliseconds and megabytes, and few
/// instances ever serve them. All responses share the texts.
static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    let document = document();

    // Browsers request /favicon.ico unless the page names an icon; this one is empty.
    let icon = "<head><link rel=\"icon\" href=\"data:,\">";
    let html = document.swagger_ui_html().replacen("<head>", icon, 1);
    let policy = csp::of_page(&html);

    Texts {
        json: document.spec().into(),
        yaml: document.spec_yaml().into(),
        html: html.into(),
        policy,
    }
});

struct Texts {
    json: Bytes,
    yaml: Bytes,
    html: Bytes,
    policy: HeaderValue,
}

#[derive(Clone)]
pub(crate) struct DocsApi;

impl DocsApi {
    pub(crate) fn new(_: &Dependencies) -> Self {
        Self
    }
}

/// The document does not list these operations: they describe the API and are not part of it.
#[OpenApi]
impl DocsApi {
    #[oai(path = "/", method = "get", hidden)]
    async fn home(&self) -> Page {
        Page(Redirect::temporary("/docs").into_response())
    }

    #[oai(path = "/docs", method = "get", hidden)]
    async fn swagger_ui(&self) -> Page {
        let response = Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(CONTENT_SECURITY_POLICY, &TEXTS.policy)
            .body(TEXTS.html.clone());
        Page(response)
    }

    #[oai(path = "/openapi.json", method = "get", hidden)]
    async fn json(&self) -> Page {
        let response = Response::builder()
            .content_type("application/json")
            .body(TEXTS.json.clone());
        Page(response)
    }

    /// The media type is that of RFC 9512.
    #[oai(path = "/openapi.yaml", method = "get", hidden)]
    async fn yaml(&self) -> Page {
        let response = Response::builder()
            .content_type("application/yaml")
            .body(TEXTS.yaml.clone());
        Page(response)
    }
}

/// A response that the document does not describe.
struct Page(Response);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        self.0
    }
}

impl ApiResponse for Page {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: Vec::new(),
        }
    }

    fn register(_: &mut Registry) {}
}
