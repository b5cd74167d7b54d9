//! Cross-origin requests (the CORS protocol of the Fetch standard): which scripts of other sites may read answers.
//!
//! The framework's own middleware does not fit: it answers an origin that is not on the list with an error, leaves out
//! `Vary` where an origin is on it, so that a cache would give one site's answer to another, and knows nothing of how
//! the edge writes problems.

use std::str::FromStr;

use poem::{
    Request, Response,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
            VARY,
        },
    },
};
use url::Url;

use crate::http::host::Host;

/// The origins whose scripts may read answers. None by default, and then no answer has a word about it. There are no
/// credentials to allow: the service knows no cookies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedOrigins(Origins);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Origins {
    #[default]
    None,
    Any,
    Some(Vec<HeaderValue>),
}

/// Text that is not a list of origins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a list of origins such as https://example.com")]
pub struct ParseAllowedOriginsError;

/// Origins between commas, or `*` alone. Each as a browser writes it, because that is what it is compared with: in lower
/// case, without a path, without the scheme's own port.
impl FromStr for AllowedOrigins {
    type Err = ParseAllowedOriginsError;

    fn from_str(list: &str) -> Result<Self, ParseAllowedOriginsError> {
        if list == "*" {
            return Ok(Self(Origins::Any));
        }
        let origin = |entry: &str| {
            let url = Url::parse(entry)
                .ok()
                .filter(|url| matches!(url.scheme(), "http" | "https"))?;
            // A name such as *.example.com is one to the URL standard, but of no site.
            Host::parse(url.host_str()?)?;
            let same = url.origin().ascii_serialization() == entry;
            if same {
                HeaderValue::from_str(entry).ok()
            } else {
                None
            }
        };
        let origins = list
            .split(',')
            .map(|entry| origin(entry.trim()).ok_or(ParseAllowedOriginsError));
        Ok(Self(Origins::Some(origins.collect::<Result<_, _>>()?)))
    }
}

/// What an answer says about origins.
#[derive(Debug)]
pub(crate) struct Permission {
    origin: Option<HeaderValue>,
    varies: bool,
}

static ANY: HeaderValue = HeaderValue::from_static("*");

/// What a script gets to see beyond what Fetch always shows: the headers of the OpenAPI document's answers.
static EXPOSED: HeaderValue = HeaderValue::from_static(
    "location, link, etag, x-request-id, retry-after, idempotent-replayed, www-authenticate, ratelimit, \
     ratelimit-policy",
);

/// The whole answer to a preflight. Two hours are as long as Chromium remembers it.
static PREFLIGHT: [(HeaderName, HeaderValue); 3] = [
    (
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD, POST"),
    ),
    (
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type, idempotency-key, if-none-match, x-request-id"),
    ),
    (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200")),
];

impl AllowedOrigins {
    /// What the answer to this request is to say; `None` when CORS is off.
    pub(crate) fn permission(&self, request: &Request) -> Option<Permission> {
        match &self.0 {
            Origins::None => None,
            Origins::Any => Some(Permission {
                origin: Some(ANY.clone()),
                varies: false,
            }),
            Origins::Some(origins) => {
                let theirs = request.headers().get(ORIGIN);
                let origin = theirs.and_then(|theirs| origins.iter().find(|origin| *origin == theirs));
                Some(Permission {
                    origin: origin.cloned(),
                    varies: true,
                })
            }
        }
    }
}

impl Permission {
    /// The answer when a browser asks beforehand, and may. Otherwise the request goes its way, to a 405, which says no.
    pub(crate) fn preflight(&self, request: &Request) -> Option<Response> {
        let asks = request.method() == Method::OPTIONS
            && [ORIGIN, ACCESS_CONTROL_REQUEST_METHOD]
                .iter()
                .all(|name| request.headers().contains_key(name));
        if !asks || self.origin.is_none() {
            return None;
        }
        let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
        for (name, value) in &PREFLIGHT {
            response.headers_mut().insert(name, value.clone());
        }
        Some(response)
    }

    /// What depends on the origin says so even where there was none: a cache may keep it for others.
    pub(crate) fn add(self, headers: &mut HeaderMap) {
        if self.varies {
            headers.append(VARY, HeaderValue::from_static("origin"));
        }
        if let Some(origin) = self.origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_write_them() {
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
