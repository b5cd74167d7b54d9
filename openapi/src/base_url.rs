//! Where the client says it reached us, for the absolute URLs in answers.

use std::{fmt, sync::Arc};

use domain::TweetId;
use poem::{FromRequest, Request, RequestBody};

use crate::problem::{Problem, Violation};

/// `scheme://host[:port]` of a request.
#[derive(Debug, Clone)]
pub(crate) struct BaseUrl(Arc<str>);

impl BaseUrl {
    pub(crate) fn tweet(&self, id: TweetId) -> TweetUrl {
        TweetUrl { base: self.clone(), id }
    }

    #[cfg(test)]
    pub(crate) fn example() -> Self {
        Self("http://localhost:8000".into())
    }

    fn of(request: &Request) -> Result<Self, Problem> {
        let scheme = request.scheme();
        let header = request.headers().get(poem::http::header::HOST);
        let host = match (request.uri().authority(), header) {
            // RFC 9112, 3.2.2: the authority of an absolute request target wins over the header.
            (Some(authority), _) => Some(authority.as_str()),
            (None, Some(header)) => header.to_str().ok(),
            // HTTP/1.0 has no Host. Where the connection arrived is all there is to go by.
            (None, None) => {
                let here = request.local_addr().as_socket_addr().map(ToString::to_string).unwrap_or_default();
                return Ok(Self(format!("{scheme}://{here}").into()));
            }
        };
        let host = host.filter(|host| is_host(host)).ok_or_else(|| {
            let reason = "must be a host name or address, with an optional port";
            Problem::bad_request("the Host header is not valid", vec![Violation::new("/Host", reason)])
        })?;
        Ok(Self(format!("{scheme}://{host}").into()))
    }
}

/// What can stand in an answer without harm: names, addresses, a port; no user, path, quote, bracket or space.
fn is_host(host: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    !host.is_empty() && host.len() <= 255 && host.bytes().all(allowed)
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'a> FromRequest<'a> for BaseUrl {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Self::of(request).map_err(poem::Error::from)
    }
}

/// The absolute URL of a tweet.
#[derive(Debug, Clone)]
pub(crate) struct TweetUrl {
    base: BaseUrl,
    id: TweetId,
}

impl fmt::Display for TweetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/tweet/{}", self.base, self.id)
    }
}
