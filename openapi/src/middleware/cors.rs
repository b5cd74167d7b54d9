//! Layer: cross-origin requests (the CORS protocol of the Fetch standard), and which sites may make them.
//!
//! poem's own middleware does not fit: it responds with an error to an origin that is not listed, leaves out `Vary` for
//! one that is, so that a cache would serve the response for one site to another, and bypasses problem details.

use std::str::FromStr;

use poem::{
    Request, Response,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
            CACHE_CONTROL, ORIGIN,
        },
    },
};
use url::Url;

use super::layer::{Layer, Rejection};
use crate::{
    http::{host::Host, vary::vary_by},
    routes::CorsLists,
};

/// The origins whose scripts may read responses. None by default; then no response has CORS headers. Credentials are
/// never allowed: the service uses no cookies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedOrigins(Origins);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Origins {
    #[default]
    None,
    Any,
    Listed(Vec<HeaderValue>),
}

/// The text is not a list of origins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a list of origins such as https://example.com")]
pub struct ParseAllowedOriginsError;

/// Origins separated by commas, or `*` alone. Each must be written as a browser writes it, because that is what it is
/// compared with: in lower case, without a path, without the default port of the scheme.
impl FromStr for AllowedOrigins {
    type Err = ParseAllowedOriginsError;

    fn from_str(list: &str) -> Result<Self, ParseAllowedOriginsError> {
        if list == "*" {
            return Ok(Self(Origins::Any));
        }

        list.split(',')
            .map(|entry| parse_origin(entry.trim()).ok_or(ParseAllowedOriginsError))
            .collect::<Result<_, _>>()
            .map(|origins| Self(Origins::Listed(origins)))
    }
}

/// The request headers that scripts of other sites may send besides those in the document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedHeaders(pub(crate) Vec<HeaderName>);

/// The text is not a list of header names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a list of header names such as traceparent")]
pub struct ParseAllowedHeadersError;

/// Names separated by commas. `*` is none, although it has the syntax of one: browsers would allow everything.
impl FromStr for AllowedHeaders {
    type Err = ParseAllowedHeadersError;

    fn from_str(list: &str) -> Result<Self, ParseAllowedHeadersError> {
        let parse = |name: &str| HeaderName::from_bytes(name.as_bytes()).ok();

        list.split(',')
            .map(|name| parse(name.trim()).filter(|name| name != "*"))
            .collect::<Option<_>>()
            .map(Self)
            .ok_or(ParseAllowedHeadersError)
    }
}

fn parse_origin(entry: &str) -> Option<HeaderValue> {
    let url = Url::parse(entry)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))?;
    // To the URL standard, *.example.com is a name, but no site has it.
    Host::parse(url.host_str()?)?;

    let as_browsers_write_it = url.origin().ascii_serialization() == entry;
    if as_browsers_write_it {
        HeaderValue::from_str(entry).ok()
    } else {
        None
    }
}

static ANY: HeaderValue = HeaderValue::from_static("*");

/// How long a browser may cache the response to a preflight: two hours is Chromium's maximum.
static MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// Adds the CORS headers, and responds to preflights.
pub(crate) struct Cors {
    allowed_origins: AllowedOrigins,
    lists: CorsLists,
}

/// The CORS headers of one response.
#[derive(Debug)]
pub(crate) struct CorsHeaders {
    origin: Option<HeaderValue>,
    varies: bool,
}

impl Layer for Cors {
    /// `None` if CORS is off.
    type State = Option<CorsHeaders>;

    fn before(&self, request: &mut Request) -> Result<Option<CorsHeaders>, Rejection> {
        let Some(cors) = self.allowed_origins.headers_for(request) else {
            return Ok(None);
        };

        // A preflight from an origin that is not allowed goes on, to a 405, which means no.
        if cors.origin.is_some() && is_preflight(request) {
            let mut response = self.preflight_response();
            self.apply(cors, response.headers_mut());
            return Err(response.into());
        }
        Ok(Some(cors))
    }

    fn after(&self, cors: Option<CorsHeaders>, response: &mut Response) {
        if let Some(cors) = cors {
            if cors.varies {
                keep_out_of_shared_caches(response.headers_mut());
            }
            self.apply(cors, response.headers_mut());
        }
    }
}

/// A shared cache that ignores `Vary` would give the headers for one origin to all others.
fn keep_out_of_shared_caches(headers: &mut HeaderMap) {
    let cache_control = headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok());
    let Some(rest) = cache_control.and_then(|value| value.strip_prefix("public")) else {
        return;
    };

    if let Ok(private) = HeaderValue::try_from(format!("private{rest}")) {
        headers.insert(CACHE_CONTROL, private);
    }
}

impl AllowedOrigins {
    fn headers_for(&self, request: &Request) -> Option<CorsHeaders> {
        match &self.0 {
            Origins::None => None,
            Origins::Any => Some(CorsHeaders {
                origin: Some(ANY.clone()),
                varies: false,
            }),
            Origins::Listed(origins) => {
                let sent = request.headers().get(ORIGIN);
                let origin = sent.and_then(|sent| origins.iter().find(|origin| *origin == sent));

                Some(CorsHeaders {
                    origin: origin.cloned(),
                    varies: true,
                })
            }
        }
    }
}

impl Cors {
    pub(crate) fn new(allowed_origins: AllowedOrigins, lists: CorsLists) -> Self {
        Self {
            allowed_origins,
            lists,
        }
    }

    fn preflight_response(&self) -> Response {
        let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();

        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, self.lists.methods.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, self.lists.request_headers.clone());
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE.clone());
        response
    }

    fn apply(&self, cors: CorsHeaders, headers: &mut HeaderMap) {
        // A response without an origin varies as well: a cache may store it and serve it to others.
        if cors.varies {
            vary_by(headers, "origin");
        }

        if let Some(origin) = cors.origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, self.lists.response_headers.clone());
        }
    }
}

/// Whether a browser asks whether a script may send a request.
pub(super) fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_names_are_tokens() {
        let names = |list: &str| list.parse::<AllowedHeaders>().map(|headers| headers.0);
        assert_eq!(
            names("traceparent, X-Shop"),
            Ok(["traceparent", "x-shop"].map(HeaderName::from_static).to_vec())
        );

        for list in [
            "", ",", "a,", "a,,b", "*", "a, *", "a b", "a:b", "a\r\nb", "é", "(a)",
        ] {
            assert_eq!(names(list), Err(ParseAllowedHeadersError), "{list:?}");
        }
    }

    #[test]
    fn origins_must_be_written_as_browsers_write_them() {
        let good = [
            "*",
            "https://example.com",
            "http://localhost:3000, https://[::1]:8443",
            "https://xn--bcher-kva.example",
        ];
        for list in good {
            assert!(list.parse::<AllowedOrigins>().is_ok(), "{list}");
        }

        let wrong = [
            "",
            ",",
            "https://example.com,",
            "*,https://example.com",
            "example.com",
            "https://example.com/",
            "https://Example.com",
            "HTTPS://example.com",
            "https://example.com:443",
            "https://user@example.com",
            "https://example.com/path",
            "https://*.example.com",
            "null",
            "file:///x",
            "javascript:alert(1)",
            "https://a\r\nx: y",
            "https://bücher.example",
        ];
        for list in wrong {
            assert_eq!(
                list.parse::<AllowedOrigins>(),
                Err(ParseAllowedOriginsError),
                "{list:?}"
            );
        }
    }
}
