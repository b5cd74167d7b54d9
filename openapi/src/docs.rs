//! The document and its pages, all of it from the binary: no page loads anything from another host.

use bytes::Bytes;
use poem::{
    IntoResponse, Response,
    http::{HeaderValue, header::CONTENT_SECURITY_POLICY},
    web::Redirect,
};
use poem_openapi::{
    ApiResponse, OpenApi, OpenApiService, Tags, Webhook,
    registry::{MetaResponses, Registry},
};

use crate::csp;

/// How operations are grouped, in the pages and in generated clients.
#[derive(Tags)]
pub(crate) enum Tag {
    /// Create and retrieve tweets.
    Tweets,
    /// Whether the service works.
    Health,
}

/// The texts are shared by all answers: the page is large.
#[derive(Clone)]
pub(crate) struct DocsApi {
    json: Bytes,
    yaml: Bytes,
    html: Bytes,
    policy: HeaderValue,
}

impl DocsApi {
    pub(crate) fn of(document: &OpenApiService<impl OpenApi, impl Webhook>) -> Self {
        // Browsers ask for /favicon.ico unless a page names an icon; this one is empty.
        let icon = "<head><link rel=\"icon\" href=\"data:,\">";
        let html = document.swagger_ui_html().replacen("<head>", icon, 1);
        let policy = csp::of_page(&html);
        Self { json: document.spec().into(), yaml: document.spec_yaml().into(), html: html.into(), policy }
    }
}

/// These routes are about the API, not of it, so the document does not list them.
#[OpenApi]
impl DocsApi {
    #[oai(path = "/", method = "get", hidden)]
    async fn home(&self) -> Page {
        Page(Redirect::temporary("/docs").into_response())
    }

    #[oai(path = "/docs", method = "get", hidden)]
    async fn swagger_ui(&self) -> Page {
        let page = Response::builder().content_type("text/html; charset=utf-8");
        Page(page.header(CONTENT_SECURITY_POLICY, &self.policy).body(self.html.clone()))
    }

    #[oai(path = "/openapi.json", method = "get", hidden)]
    async fn json(&self) -> Page {
        Page(Response::builder().content_type("application/json").body(self.json.clone()))
    }

    /// The media type is that of RFC 9512.
    #[oai(path = "/openapi.yaml", method = "get", hidden)]
    async fn yaml(&self) -> Page {
        Page(Response::builder().content_type("application/yaml").body(self.yaml.clone()))
    }
}

/// A ready answer that the document does not describe.
struct Page(Response);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        self.0
    }
}

impl ApiResponse for Page {
    fn meta() -> MetaResponses {
        MetaResponses { responses: Vec::new() }
    }

    fn register(_: &mut Registry) {}
}
