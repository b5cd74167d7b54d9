//! A page for each type of problem, at the URL that is its `type`, and one that lists them.

use std::fmt::Write;

use poem::{Request, http::header::CONTENT_SECURITY_POLICY};
use poem_openapi::{
    OpenApi,
    param::Path,
    payload::{Html, Response},
};

use crate::{
    Dependencies,
    http::{
        base_url::BaseUrl,
        csp, page,
        problem::{Problem, ProblemType},
    },
};

#[derive(Clone)]
pub(crate) struct ProblemPagesApi;

impl ProblemPagesApi {
    pub(crate) fn new(_: &Dependencies) -> Self {
        Self
    }
}

/// The document does not list these operations: they explain the responses of others.
#[OpenApi]
impl ProblemPagesApi {
    #[oai(path = "/problems", method = "get", hidden)]
    async fn index(&self, request: &Request) -> Response<Html<String>> {
        let base = BaseUrl::without_host(request);

        page("Problems", &list(&base))
    }

    #[oai(path = "/problems/:slug", method = "get", hidden)]
    async fn problem(&self, request: &Request, slug: Path<String>) -> poem::Result<Response<Html<String>>> {
        let base = BaseUrl::without_host(request);
        let kind = ProblemType::find(&slug);
        let kind = kind.ok_or_else(|| Problem::new(ProblemType::PATH_NOT_FOUND))?;

        Ok(page(kind.title, &describe(kind, &base)))
    }
}

/// Links to the pages of all types.
fn list(base: &BaseUrl) -> String {
    let mut list = "<h1>Problems</h1>\n\
                    <p>What the error responses of this service mean, by type (RFC 9457).</p>\n<ul>\n"
        .to_owned();

    for kind in ProblemType::ALL {
        let (url, title) = (href(base, &kind.path()), kind.title);
        let status = kind.status.as_u16();
        // Writing to a string does not fail.
        let _ = writeln!(list, "<li><a href=\"{url}\">{title}</a> ({status})</li>");
    }

    list + "</ul>\n"
}

/// A URL for an attribute. A base may have an ampersand, which would begin a character reference.
fn href(base: &BaseUrl, path: &str) -> String {
    base.join(path).replace('&', "&amp;")
}

fn describe(kind: &ProblemType, base: &BaseUrl) -> String {
    let ProblemType {
        status,
        title,
        happened,
        action,
        ..
    } = kind;
    let index = href(base, "/problems/");

    format!(
        "<h1>{title}</h1>\n<p>HTTP status {status}</p>\n\
         <h2>What happened</h2>\n<p>{happened}</p>\n\
         <h2>What to do</h2>\n<p>{action}</p>\n\
         <p><a href=\"{index}\">All problems</a></p>\n"
    )
}

/// The style of every page.
const STYLE: &str =
    "body { font-family: sans-serif; line-height: 1.5; max-width: 40em; margin: 2em auto; padding: 0 1em; }";

/// A page with this body. The texts of the table need no escapes in HTML.
fn page(title: &str, body: &str) -> Response<Html<String>> {
    let start = page::start(title);
    let html = format!("{start}<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n");
    let policy = csp::of_page(&html);

    Response::new(Html(html)).header(CONTENT_SECURITY_POLICY, policy)
}
