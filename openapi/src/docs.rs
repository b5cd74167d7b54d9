//! The document and its pages, all of it from the binary: no page loads anything from another host.

use std::sync::LazyLock;

use bytes::Bytes;
use poem::{
    IntoResponse, Response,
    http::{HeaderValue, header::CONTENT_SECURITY_POLICY},
    web::Redirect,
};
use poem_openapi::{
    ApiResponse, OpenApi, Tags,
    registry::{MetaResponses, Registry},
};

use crate::{Dependencies, document, http::csp};

/// How operations are grouped, in the pages and in generated clients.
#[derive(Tags)]
pub(crate) enum Tag {
    /// Create and retrieve tweets.
    Tweets,
    /// Whether the service works.
    Health,
}

/// The document and the page it is shown on. Made when somebody first asks: few instances are ever asked, and it takes
/// some milliseconds and megabytes. All answers share the texts.
static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    let document = document();
    // Browsers ask for /favicon.ico unless a page names an icon; this one is empty.
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
        Page(
            page.header(CONTENT_SECURITY_POLICY, &TEXTS.policy)
                .body(TEXTS.html.clone()),
        )
    }

    #[oai(path = "/openapi.json", method = "get", hidden)]
    async fn json(&self) -> Page {
        Page(
            Response::builder()
                .content_type("application/json")
                .body(TEXTS.json.clone()),
        )
    }

    /// The media type is that of RFC 9512.
    #[oai(path = "/openapi.yaml", method = "get", hidden)]
    async fn yaml(&self) -> Page {
        Page(
            Response::builder()
                .content_type("application/yaml")
                .body(TEXTS.yaml.clone()),
        )
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
        MetaResponses {
            responses: Vec::new(),
        }
    }

    fn register(_: &mut Registry) {}
}
