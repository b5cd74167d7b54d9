//! The OpenAPI document and its page. Everything comes from the binary: the page loads nothing from other hosts.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use flate2::Compression;
use poem::{
    IntoResponse, Request, Response,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ETAG},
    },
    web::Redirect,
};
use poem_openapi::{
    ApiResponse, OpenApi,
    registry::{MetaResponses, Registry},
};
use tokio::{sync::OnceCell, task::spawn_blocking};

use crate::{
    Dependencies, document,
    http::{
        base_url::BaseUrl,
        csp,
        gzip::{self, Preference},
        preconditions::is_not_modified,
        problem::Problem,
        weak_tag::weak_tag,
    },
};

/// The start of a line of the page's script, after the document.
const BEFORE_SERVERS: &str = "let oauth2RedirectUrl;\n";

/// The page sends requests to where it was loaded from, under whatever prefix a proxy serves it. The script is the same
/// everywhere, and so is its hash in the policy.
const SERVERS: &str =
    "    spec.servers = [{ url: location.origin + location.pathname.replace(/\\/docs\\/?$/, \"\") }];\n";

/// A text, and its entity tag.
struct Text {
    media_type: &'static str,
    tag: String,
    /// Without it, the `compression` layer compresses each response.
    gzip: Option<Bytes>,
    /// Of a compressed text, made when a client that does not accept gzip requests it for the first time.
    plain: OnceLock<Bytes>,
}

impl Text {
    /// A text for one response.
    fn new(media_type: &'static str, text: String) -> Self {
        Self {
            media_type,
            tag: weak_tag(&text),
            gzip: None,
            plain: Bytes::from(text).into(),
        }
    }

    /// A text that is stored compressed: nearly all clients accept gzip. All responses share it.
    fn compressed(media_type: &'static str, text: &str) -> io::Result<Self> {
        Ok(Self {
            media_type,
            tag: weak_tag(text),
            gzip: Some(gzip::compress(text.as_bytes(), Compression::best())?.into()),
            plain: OnceLock::new(),
        })
    }

    fn plain(&self) -> &Bytes {
        self.plain.get_or_init(|| {
            let gzip = self.gzip.as_deref().unwrap_or_default();
            // `compress` made it, so it can be decompressed.
            gzip::decompress(gzip).unwrap_or_default().into()
        })
    }

    fn response(&self, request: &Request) -> poem::Result<Response> {
        let response = Response::builder().header(ETAG, &self.tag);
        if is_not_modified(request.headers(), &self.tag)? {
            return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
        }

        let response = response.content_type(self.media_type);
        Ok(match (&self.gzip, Preference::of(request.headers())) {
            (None, _) | (_, Preference::Identity) => response.body(self.plain().clone()),
            (Some(gzip), _) => response.header(CONTENT_ENCODING, "gzip").body(gzip.clone()),
        })
    }
}

/// The document and its page.
struct Texts {
    json: Text,
    yaml: Text,
    html: Text,
    policy: HeaderValue,
}

impl Texts {
    fn new(name: &str, with_tokens: bool) -> io::Result<Self> {
        let document = document(name);

        // Browsers request /favicon.ico unless the page names an icon; this one is empty.
        let icon = "<head><link rel=\"icon\" href=\"data:,\">";
        let html = document.swagger_ui_html(with_tokens).replacen("<head>", icon, 1);
        let html = html.replacen(BEFORE_SERVERS, &[BEFORE_SERVERS, SERVERS].concat(), 1);

        Ok(Self {
            json: Text::compressed("application/json", &document.json())?,
            // The media type is that of RFC 9512.
            yaml: Text::compressed("application/yaml", &document.yaml())?,
            html: Text::compressed("text/html; charset=utf-8", &html)?,
            policy: csp::of_page(&html),
        })
    }
}

#[derive(Clone)]
pub(crate) struct DocsApi {
    name: &'static str,
    /// Whether clients may send tokens.
    with_tokens: bool,
    /// Made when they are first requested: few instances ever serve them.
    texts: Arc<OnceCell<Texts>>,
}

impl DocsApi {
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self {
            name: dependencies.name,
            with_tokens: dependencies.authenticator.is_some(),
            texts: Arc::default(),
        }
    }

    /// The first call takes a thread of its own for some 0.1 seconds, most of which is the compression.
    async fn texts(&self) -> poem::Result<&Texts> {
        let (name, with_tokens) = (self.name, self.with_tokens);
        let make = || async move { spawn_blocking(move || Texts::new(name, with_tokens)).await? };

        let texts = self.texts.get_or_try_init(make).await;
        texts.map_err(|error: io::Error| Problem::internal().caused_by(error).into())
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
    async fn swagger_ui(&self, request: &Request) -> poem::Result<Page> {
        let texts = self.texts().await?;
        let mut response = texts.html.response(request)?;

        // In a 304 too: its header fields replace those of the stored page (RFC 9111, 3.2).
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, texts.policy.clone());
        Ok(Page(response))
    }

    #[oai(path = "/openapi.json", method = "get", hidden)]
    async fn json(&self, request: &Request) -> poem::Result<Page> {
        let url = |url: &str| format!("\"url\": \"{url}\"");
        let document = &self.texts().await?.json;

        let with_servers = with_servers(document, &url("/"), request, url);
        with_servers
            .as_ref()
            .unwrap_or(document)
            .response(request)
            .map(Page)
    }

    #[oai(path = "/openapi.yaml", method = "get", hidden)]
    async fn yaml(&self, request: &Request) -> poem::Result<Page> {
        let url = |url: &str| format!("- url: \"{url}\"\n");
        let document = &self.texts().await?.yaml;

        let with_servers = with_servers(document, "- url: /\n", request, url);
        with_servers
            .as_ref()
            .unwrap_or(document)
            .response(request)
            .map(Page)
    }
}

/// The document with the base of all its paths in place of the first `root`, which is how it writes `/`, the URL of its
/// server. `None` without a configured URL and without a prefix: that URL is then right, because clients resolve it
/// against the document's own.
///
/// A document with servers is a copy of some 80 KB for this response alone: what a proxy reports can differ in each
/// request, so there is nothing to share.
fn with_servers(
    document: &Text,
    root: &str,
    request: &Request,
    url: impl Fn(&str) -> String,
) -> Option<Text> {
    let base = BaseUrl::without_host(request);
    if base.as_str().is_empty() {
        return None;
    }

    // Characters of URLs need no escapes in JSON and YAML strings.
    let text = String::from_utf8_lossy(document.plain()).replacen(root, &url(base.as_str()), 1);
    Some(Text::new(document.media_type, text))
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
