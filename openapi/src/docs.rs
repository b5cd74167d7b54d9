//! The OpenAPI document and its page. Everything comes from the binary: the page loads nothing from other hosts.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use poem::{
    IntoResponse, Request, Response,
    http::{HeaderValue, header::CONTENT_SECURITY_POLICY},
    web::Redirect,
};
use poem_openapi::{
    ApiResponse, OpenApi,
    registry::{MetaResponses, Registry},
};

use crate::{
    Dependencies, document,
    http::{base_url::BaseUrl, csp},
};

/// The start of a line of the page's script, after the document.
const BEFORE_SERVERS: &str = "let oauth2RedirectUrl;\n";

/// The page sends requests to where it was loaded from, under whatever prefix a proxy serves it. The script is the same
/// everywhere, and so is its hash in the policy.
const SERVERS: &str =
    "    spec.servers = [{ url: location.origin + location.pathname.replace(/\\/docs\\/?$/, \"\") }];\n";

/// The document and its page.
struct Texts {
    json: Bytes,
    yaml: Bytes,
    html: Bytes,
    policy: HeaderValue,
}

impl Texts {
    fn new(name: &str, with_tokens: bool) -> Self {
        let document = document(name);

        // Browsers request /favicon.ico unless the page names an icon; this one is empty.
        let icon = "<head><link rel=\"icon\" href=\"data:,\">";
        let html = document.swagger_ui_html(with_tokens).replacen("<head>", icon, 1);
        let html = html.replacen(BEFORE_SERVERS, &[BEFORE_SERVERS, SERVERS].concat(), 1);
        let policy = csp::of_page(&html);

        Self {
            json: document.json().into(),
            yaml: document.yaml().into(),
            html: html.into(),
            policy,
        }
    }
}

#[derive(Clone)]
pub(crate) struct DocsApi {
    name: &'static str,
    /// Whether clients may send tokens.
    with_tokens: bool,
    /// Made when they are first requested: that takes some milliseconds and megabytes, and few instances ever serve them.
    /// All responses share the texts.
    texts: Arc<OnceLock<Texts>>,
}

impl DocsApi {
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self {
            name: dependencies.name,
            with_tokens: dependencies.authenticator.is_some(),
            texts: Arc::default(),
        }
    }

    fn texts(&self) -> &Texts {
        self.texts.get_or_init(|| Texts::new(self.name, self.with_tokens))
    }
}

/// The document does not list these operations: they describe the API and are not part of it.
#[OpenApi]
impl DocsApi {
    #[oai(path = "/", method = "get", hidden)]
    async fn home(&self, request: &Request) -> Page {
        let docs = BaseUrl::without_host(request).join("/docs");
        Page(Redirect::temporary(docs).into_response())
    }

    #[oai(path = "/docs", method = "get", hidden)]
    async fn swagger_ui(&self) -> Page {
        let texts = self.texts();
        let response = Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(CONTENT_SECURITY_POLICY, &texts.policy)
            .body(texts.html.clone());
        Page(response)
    }

    #[oai(path = "/openapi.json", method = "get", hidden)]
    async fn json(&self, request: &Request) -> Page {
        let url = |url: &str| format!("\"url\": \"{url}\"");
        let response = Response::builder()
            .content_type("application/json")
            .body(with_servers(&self.texts().json, &url("/"), request, url));
        Page(response)
    }

    /// The media type is that of RFC 9512.
    #[oai(path = "/openapi.yaml", method = "get", hidden)]
    async fn yaml(&self, request: &Request) -> Page {
        let url = |url: &str| format!("- url: \"{url}\"\n");
        let response = Response::builder()
            .content_type("application/yaml")
            .body(with_servers(&self.texts().yaml, "- url: /\n", request, url));
        Page(response)
    }
}

/// The document with the base of all its paths in place of the first `root`, which is how it writes `/`, the URL of its
/// server. Without a configured URL and without a prefix that is right: clients resolve it against the document's own URL.
///
/// A document with servers is a copy of some 40 KB for this response alone: what a proxy reports can differ in each
/// request, so there is nothing to share.
fn with_servers(document: &Bytes, root: &str, request: &Request, url: impl Fn(&str) -> String) -> Bytes {
    let base = BaseUrl::without_host(request);
    if base.as_str().is_empty() {
        return document.clone();
    }

    // Characters of URLs need no escapes in JSON and YAML strings.
    String::from_utf8_lossy(document)
        .replacen(root, &url(base.as_str()), 1)
        .into()
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
