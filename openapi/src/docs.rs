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
        header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ETAG},
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
        page,
        preconditions::is_not_modified,
        problem::Problem,
        weak_tag::weak_tag,
    },
};

/// The title of the framework's page.
const TITLE: &str = "<title>Swagger UI</title>";

/// The start of a line of the page's script, after the document.
const BEFORE_SERVERS: &str = "let oauth2RedirectUrl;\n";

/// The page sends requests to where it was loaded from, under whatever prefix a proxy serves it. The script is the same
/// everywhere, and so is its hash in the policy.
const SERVERS: &str =
    "    spec.servers = [{ url: location.origin + location.pathname.replace(/\\/docs\\/?$/, \"\") }];\n";

/// A page or a document, and its entity tag.
struct Asset {
    media_type: &'static str,
    tag: String,
    /// Without it, the `compression` layer compresses each response.
    gzip: Option<Bytes>,
    /// Of a compressed asset, made when a client that does not accept gzip requests it for the first time.
    plain: OnceLock<Bytes>,
}

impl Asset {
    /// An asset for one response.
    fn new(media_type: &'static str, text: String) -> Self {
        Self {
            media_type,
            tag: weak_tag(&text),
            gzip: None,
            plain: Bytes::from(text).into(),
        }
    }

    /// An asset that is stored compressed: nearly all clients accept gzip. All responses share it.
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
        Ok(
            match (
                &self.gzip,
                Preference::of(request.headers().get_all(ACCEPT_ENCODING)),
            ) {
                (None, _) | (_, Preference::Identity) => response.body(self.plain().clone()),
                (Some(gzip), _) => response.header(CONTENT_ENCODING, "gzip").body(gzip.clone()),
            },
        )
    }
}

/// The document and its page.
struct Assets {
    json: Asset,
    yaml: Asset,
    html: Asset,
    policy: HeaderValue,
}

impl Assets {
    fn new(name: &str, with_tokens: bool) -> io::Result<Self> {
        let document = document(name);

        let html = document.swagger_ui_html(with_tokens);
        // The framework's page has no doctype and no language, and is called Swagger UI.
        let html = match html.split_once(TITLE) {
            Some((_, rest)) => page::start(name) + rest,
            None => html,
        };
        let html = html.replacen(BEFORE_SERVERS, &[BEFORE_SERVERS, SERVERS].concat(), 1);

        Ok(Self {
            json: Asset::compressed("application/json", &document.json())?,
            // The media type is that of RFC 9512.
            yaml: Asset::compressed("application/yaml", &document.yaml())?,
            html: Asset::compressed("text/html; charset=utf-8", &html)?,
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
    assets: Arc<OnceCell<Assets>>,
}

impl DocsApi {
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self {
            name: dependencies.name,
            with_tokens: dependencies.authenticator.is_some(),
            assets: Arc::default(),
        }
    }

    /// The first call takes a thread of its own for some 0.1 seconds, most of which is the compression.
    async fn assets(&self) -> poem::Result<&Assets> {
        let (name, with_tokens) = (self.name, self.with_tokens);
        let make = || async move { spawn_blocking(move || Assets::new(name, with_tokens)).await? };

        let assets = self.assets.get_or_try_init(make).await;
        assets.map_err(|error: io::Error| Problem::internal().caused_by(error).into())
    }
}

/// The document does not list these operations: they describe the API and are not part of it.
#[OpenApi]
impl DocsApi {
    #[oai(path = "/", method = "get", hidden)]
    async fn home(&self, request: &Request) -> UndocumentedResponse {
        let docs = BaseUrl::without_host(request).join("/docs");
        UndocumentedResponse(Redirect::temporary(docs).into_response())
    }

    #[oai(path = "/docs", method = "get", hidden)]
    async fn swagger_ui(&self, request: &Request) -> poem::Result<UndocumentedResponse> {
        let assets = self.assets().await?;
        let mut response = assets.html.response(request)?;

        // In a 304 too: its header fields replace those of the stored page (RFC 9111, 3.2).
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, assets.policy.clone());
        Ok(UndocumentedResponse(response))
    }

    #[oai(path = "/openapi.json", method = "get", hidden)]
    async fn json(&self, request: &Request) -> poem::Result<UndocumentedResponse> {
        let url = |url: &str| format!("\"url\": \"{url}\"");
        let document = &self.assets().await?.json;
        with_servers(document, &url("/"), request, url)
    }

    #[oai(path = "/openapi.yaml", method = "get", hidden)]
    async fn yaml(&self, request: &Request) -> poem::Result<UndocumentedResponse> {
        let url = |url: &str| format!("- url: \"{url}\"\n");
        let document = &self.assets().await?.yaml;
        with_servers(document, "- url: /\n", request, url)
    }
}

/// The document with the base of all its paths in place of the first `root`, which is how it writes `/`, the URL of its
/// server. Without a configured URL and without a prefix, that URL is right: clients resolve it against the document's
/// own.
///
/// A document with servers is a copy of some 80 KB for this response alone: what a proxy reports can differ in each
/// request, so there is nothing to share.
fn with_servers(
    document: &Asset,
    root: &str,
    request: &Request,
    url: impl Fn(&str) -> String,
) -> poem::Result<UndocumentedResponse> {
    let base = BaseUrl::without_host(request);
    if base.as_str().is_empty() {
        return document.response(request).map(UndocumentedResponse);
    }

    // Characters of URLs need no escapes in JSON and YAML strings.
    let text = String::from_utf8_lossy(document.plain()).replacen(root, &url(base.as_str()), 1);
    let with_servers = Asset::new(document.media_type, text);
    with_servers.response(request).map(UndocumentedResponse)
}

/// A response that the document does not describe.
struct UndocumentedResponse(Response);

impl IntoResponse for UndocumentedResponse {
    fn into_response(self) -> Response {
        self.0
    }
}

impl ApiResponse for UndocumentedResponse {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: Vec::new(),
        }
    }

    fn register(_: &mut Registry) {}
}
